"""`python bin/launcher/catalogues.py LOCALE`: compiles message catalogues, without GNU gettext.

Runs in the project's own environment (polib), for bin/run and for the container image alike.
"""

import sys
from pathlib import Path

import polib

for source in sorted(Path(sys.argv[1]).glob("*/LC_MESSAGES/*.po")):
    polib.pofile(str(source)).save_as_mofile(str(source.with_suffix(".mo")))
