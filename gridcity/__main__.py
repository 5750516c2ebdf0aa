"""`python -m gridcity COMMAND`: Django's commands under our settings, in the language of the terminal.

Wrong use ends with status 2.
"""

import os
import sys
from collections.abc import Mapping

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import BaseCommand, ManagementUtility, get_commands
from django.utils import translation


class Commands(ManagementUtility):
    def fetch_command(self, subcommand: str) -> BaseCommand:
        if subcommand not in get_commands():
            print(f"There is no command {subcommand!r}. `bin/gridcity help` lists them.", file=sys.stderr)
            sys.exit(2)
        return super().fetch_command(subcommand)


def language_of(environ: Mapping[str, str]) -> str:
    """The language that a terminal's user reads, of those we speak, as the C library would find it."""
    names = (environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "zh-hans" if next(filter(None, names), "").lower().startswith("zh") else "en"


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gridcity.settings")
    try:
        assert settings.INSTALLED_APPS  # the first use reads them all
    except ImproperlyConfigured as fault:
        sys.exit(str(fault))
    django.setup()  # words are read from the applications
    translation.activate(language_of(os.environ))
    Commands(["bin/gridcity", *sys.argv[1:]]).execute()


if __name__ == "__main__":
    main()
