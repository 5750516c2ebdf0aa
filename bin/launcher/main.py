"""Which command was called, and the one place where a failure becomes a sentence."""

import signal
from collections.abc import Callable, Sequence

from launcher.city import City, load_env_file
from launcher.develop import bench, check, lock, test
from launcher.run import run
from launcher.say import Failure, Steps, say
from launcher.serve import call, stop_signals
from launcher.tree import Tree

# Commands of Django that make sense on a database that is not, or not yet, migrated.
NEED_NO_TABLES = {"help", "migrate", "makemigrations", "check", "showmigrations", "sqlmigrate"}


def gridcity(arguments: Sequence[str]) -> int:
    """bin/gridcity COMMAND: standard output and exit status are the command's alone."""
    tree = Tree.here()
    load_env_file(tree.root)
    city = City(tree, Steps(4, quiet=True))
    city.ensure_python()
    with city.steps.step("Messages") as step, tree.lock("front"):
        city.front.catalogues(step)
    with city.database():
        name = next((a for a in arguments if not a.startswith("-")), "help")
        if name not in NEED_NO_TABLES and not {"--help", "-h"} & set(arguments):
            city.migrate()
        return call(city.manage(*arguments), city.env)


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "run": run,
    "test": test,
    "gridcity": gridcity,
    "check": check,
    "lock": lock,
    "bench": bench,
}


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def main(arguments: Sequence[str]) -> int:
    for number in stop_signals():
        signal.signal(number, interrupted)  # so that what was started is stopped on the way out
    try:
        return COMMANDS[arguments[0]](arguments[1:])
    except Failure as fault:
        say(f"\n{fault}")
    except PermissionError as fault:
        say(f"\n{fault.filename} belongs to another user.")
        say("Run as that user, or set GRIDCITY_VAR to a folder of yours.")
    except KeyboardInterrupt:
        say("\nStopped. The same command goes on from here.")
        return 130
    return 1
