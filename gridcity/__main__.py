"""`python -m gridcity COMMAND`: Django's commands under our settings. Wrong use ends with status 2."""

import os
import sys

from django.core.management import ManagementUtility, get_commands


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gridcity.settings")
    name = sys.argv[1] if len(sys.argv) > 1 else "help"
    utility = ManagementUtility(["bin/gridcity", *sys.argv[1:]])
    known = name.startswith("-") or name == "help" or name in get_commands()
    if not known:
        print(f"gridcity: there is no command {name!r}. `bin/gridcity help` lists them.", file=sys.stderr)
        sys.exit(2)
    utility.execute()


if __name__ == "__main__":
    main()
