"""bin/test, bin/check, bin/lock, bench/run."""

import argparse
import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from launcher import checks
from launcher.city import City, load_env_file
from launcher.packages import ensure_browser
from launcher.pyenv import DEV_LOCK, LOCK, TOOLS_LOCK, PythonEnv
from launcher.say import Failure, Steps
from launcher.serve import call
from launcher.tree import Tree

FAST = ["-m", "not database and not browser and not faults and not slow"]
UNIT = ["-m", "not browser and not faults and not slow", "--reuse-db"]
HELP = """bin/test            everything: bin/check, then all tests, the browser's included
bin/test ARGS…      arguments go to pytest; with paths among them bin/check is left out
bin/test fast       lint, and the tests that need no database
bin/test unit       all but the browser, killed processes and slow ones; keeps the test database"""


def test(arguments: Sequence[str]) -> int:
    if "--help" in arguments or "-h" in arguments:
        print(HELP)
        return 0
    tree = Tree.here()
    load_env_file(tree.root)
    kind = arguments[0] if arguments and arguments[0] in {"fast", "unit"} else ""
    rest = list(arguments[1:] if kind else arguments)
    paths = [a for a in rest if not a.startswith("-") and Path(a.partition("::")[0]).exists()]
    whole = not kind and not paths
    browser = whole or any("browser" in path for path in paths)
    city = City(tree, Steps(3 + browser - (kind == "fast"), quiet=not whole))
    city.ensure_python(dev=True)
    with city.steps.step("Front end" if browser else "Messages") as step:
        if browser:
            city.ensure_front(step)
        else:
            city.front.catalogues(step)
    if kind == "fast":
        return checks.lint(city.python, tree.root) or pytest(city, [*FAST, *rest])
    with city.database(), test_slot(tree) as slot:
        city.env["GRIDCITY_TEST_DATABASE"] = f"test_gridcity_{slot}"
        if browser:
            with city.steps.step("Browser for tests") as step, tree.lock("browser"):
                city.env["GRIDCITY_CHROMIUM"] = ensure_browser(tree, step) or ""
            # Playwright's own Node wants a library that a minimal system lacks.
            city.env["PLAYWRIGHT_NODEJS_PATH"] = str(city.front.node)
        faults = checks.everything(city.python, city.front, city.env) if whole else 0
        workers = side_by_side(rest) if whole else []
        return pytest(city, [*(UNIT if kind else []), *workers, *rest]) or faults


def side_by_side(arguments: Sequence[str]) -> list[str]:
    """A worker a core, each with its own database; each takes the tests in their order, browsers last."""
    said = any(one.startswith(("-n", "--numprocesses", "--pdb", "-s")) for one in arguments)
    return [] if said else ["-n", str(min(os.cpu_count() or 1, 4)), "--dist", "load"]


def pytest(city: City, arguments: Sequence[str]) -> int:
    env = {**city.env, "DJANGO_SETTINGS_MODULE": "gridcity.settings_test"}
    return call([city.python.python, "-P", "-m", "pytest", *arguments], env)


@contextlib.contextmanager
def test_slot(tree: Tree) -> Iterator[int]:
    """A test database of one's own: several test runs in one tree do not meet."""
    for slot in range(16):
        with tree.try_lock(f"test-{slot}") as mine:
            if mine:
                yield slot
                return
    raise Failure("Sixteen test runs are under way in this tree already.")


def check(arguments: Sequence[str]) -> int:
    argparse.ArgumentParser(prog="bin/check", description=checks.__doc__).parse_args(arguments)
    city = City(Tree.here(), Steps(3, quiet=True))
    city.ensure_python(dev=True)
    with city.steps.step("Front-end packages") as step, city.tree.lock("front"):
        city.front.install(step)
    with city.database():
        return checks.everything(city.python, city.front, city.env)


def lock(arguments: Sequence[str]) -> int:
    """Resolve the requirement files anew. The results name no host and serve every supported Python."""
    argparse.ArgumentParser(prog="bin/lock", description=lock.__doc__).parse_args(arguments)
    tree = Tree.here()
    with Steps(1).step("Lock files") as step:
        uv = PythonEnv(tree).uv(step)
        if uv is None:
            raise Failure("uv does not run on this machine, and only uv writes universal lock files.")
        for target in (TOOLS_LOCK, LOCK, DEV_LOCK):
            source = target.replace(".lock", ".in")
            options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url"]
            tree.do(
                [
                    uv,
                    "pip",
                    "compile",
                    "-q",
                    *options,
                    "--custom-compile-command",
                    "bin/lock",
                    source,
                    "-o",
                    target,
                ],
                why=f"Resolving {source}",
            )
    return 0


# --- bench/run ----------------------------------------------------------------------------------------------


def bench(arguments: Sequence[str]) -> int:
    """bench/run NAME [ARGS…]: a yardstick over a city of its own, in var/bench unless told otherwise."""
    here = Tree.here()
    names = sorted(
        path.stem for path in (here.root / "bench").glob("*.py") if "def main(" in path.read_text()
    )
    if not arguments or arguments[0] not in names:
        raise Failure(f"bench/run NAME [ARGS…], where NAME is one of: {', '.join(names)}")
    tree = here if os.environ.get("GRIDCITY_VAR") else Tree(here.root, here.var / "bench")
    city = City(tree, Steps(3))
    city.ensure_python(dev=True)
    with city.database():
        city.migrate()
        city.env["GRIDCITY_DEMO"] = "1"
        return call([city.python.python, "-P", "-m", f"bench.{arguments[0]}", *arguments[1:]], city.env)
