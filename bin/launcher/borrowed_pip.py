"""`python3 borrowed_pip.py WHEEL BUNDLE ARGS…`: pip out of the distribution's wheel.

Debian's pip looks for /etc/ssl/certs/ca-certificates.crt while it is imported, and cannot be imported where
the package ca-certificates was never installed. BUNDLE stands in for that file; empty: nothing is missing.
"""

import sys

wheel, bundle, *arguments = sys.argv[1:]
sys.path.insert(0, wheel)

import pip._vendor.certifi  # noqa: E402

if bundle:
    pip._vendor.certifi.where = lambda: bundle

from pip._internal.cli.main import main  # noqa: E402

sys.exit(main(arguments))
