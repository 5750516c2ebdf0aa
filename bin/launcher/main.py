"""bin/run, bin/test, bin/gridcity, bin/check, bin/lock."""

import argparse
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from launcher import checks
from launcher.cluster import Cluster
from launcher.front import Front
from launcher.packages import DATABASE, ensure_browser, find_postgres, unpack
from launcher.pyenv import DEV_LOCK, LOCK, TOOLS_LOCK, PythonEnv
from launcher.say import Failure, Step, Steps, say
from launcher.serve import Child, Supervisor, answers, call, environment, listen
from launcher.tree import Tree, key_of, write

WEB_PROCESSES = 2
# Commands of Django that must run on a database that is not, or not yet, migrated.
NEEDS_NO_TABLES = {
    "help",
    "--help",
    "--version",
    "migrate",
    "makemigrations",
    "check",
    "showmigrations",
    "sqlmigrate",
}


class City:
    """Everything one clone needs to run, made step by step where it is missing."""

    def __init__(self, tree: Tree, steps: Steps) -> None:
        self.tree = tree
        self.steps = steps
        self.python = PythonEnv(tree)
        self.front = Front(tree, self.python)
        self.env: dict[str, str] = {}
        self.fetching: threading.Thread | None = None

    def set_up(self, *, dev: bool = False, pages: bool = True) -> None:
        """Python and front end. One launcher at a time; a second one waits and then finds the work done."""
        with self.tree.lock("set-up"):
            if not os.environ.get("GRIDCITY_DATABASE"):
                self.fetch_database_programs()
            with self.steps.step("Python packages") as step:
                self.python.ensure(step, dev=dev)
            with self.steps.step("Front end" if pages else "Messages") as step:
                self.front.catalogues(step)
                if pages:
                    self.front.install(step)
                    self.front.bundle(step)
            keep_secret(self.tree)

    def fetch_database_programs(self) -> None:
        """Begins the longest download beside the other steps. What fails is tried and told in its turn."""
        cluster = Cluster(self.tree)
        if find_postgres(cluster.programs):
            return

        def fetch() -> None:
            with contextlib.suppress(Failure):
                unpack(self.tree, DATABASE, cluster.programs, Step(silent=True))

        self.fetching = threading.Thread(target=fetch, daemon=True)
        self.fetching.start()

    @contextlib.contextmanager
    def database(self, *, fresh: bool = False) -> Iterator[Cluster | None]:
        """The private cluster; or nothing of ours where GRIDCITY_DATABASE names another server."""
        named = os.environ.get("GRIDCITY_DATABASE")
        if named:
            if fresh:
                raise Failure(
                    "--fresh discards only a database that bin/run made; GRIDCITY_DATABASE names another."
                )
            self.steps.total -= 1
            self.env = environment(self.tree.root, self.tree.var, named)
            yield None
            return
        with contextlib.ExitStack() as stack:
            with self.steps.step("Database server") as step:
                cluster = Cluster(self.tree)
                if self.fetching:
                    step.work("fetching and unpacking PostgreSQL with PostGIS")
                    self.fetching.join()
                with self.tree.lock("set-up"):
                    cluster.ensure_programs(step)
                    if fresh:
                        cluster.discard()
                        shutil.rmtree(self.tree.var / "media", ignore_errors=True)
                        self.tree.unstamp("migrations")
                if cluster.version is None:
                    self.tree.unstamp("migrations")
                stack.enter_context(cluster.using(step))
            self.env = environment(self.tree.root, self.tree.var, cluster.url)
            yield cluster

    def migrate(self, *, always: bool) -> None:
        key = key_of(self.tree.root.glob("*/migrations/*.py"), (self.tree.root / LOCK).read_text())
        done = (self.tree.var / "stamps/migrations").exists()
        with self.steps.step("Tables") as step:
            if self.tree.is_stamped("migrations", key + self.env["GRIDCITY_DATABASE"]) or (
                done and not always
            ):
                return
            step.work("migrating")
            self.tree.do(
                self.manage("migrate", "--noinput", "-v0"), env=self.env, why="Migrating the database"
            )
            self.tree.stamp("migrations", key + self.env["GRIDCITY_DATABASE"])

    def manage(self, *args: str) -> list[str | Path]:
        return [self.python.python, "-P", "-m", "gridcity", *args]


def keep_secret(tree: Tree) -> None:
    """Signs sessions of this tree's own city. A deployment sets GRIDCITY_SECRET_KEY instead."""
    kept = tree.var / "secret_key"
    if not kept.exists():
        write(kept, secrets.token_urlsafe(64), mode=0o600)


def load_env_file(root: Path) -> None:
    """`.env` beside README, as `docker compose` reads it; the real environment wins."""
    with contextlib.suppress(FileNotFoundError):
        for line in (root / ".env").read_text().splitlines():
            name, equals, value = line.strip().partition("=")
            if equals and not name.startswith("#"):
                os.environ.setdefault(name.strip(), value.strip().strip("'\""))


# --- bin/run ------------------------------------------------------------------------------------------------


def run(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="bin/run", description="Set up what is missing, then run the city on one address until Ctrl-C."
    )
    parser.add_argument("--port", type=int, default=8000, help="0 takes any free one (default 8000)")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: this machine only)"
    )
    parser.add_argument(
        "--no-demo", action="store_true", help="an empty city, under the rules of a real deployment"
    )
    parser.add_argument("--fresh", action="store_true", help="discard this tree's database and photos first")
    chosen = parser.parse_args(arguments)
    if not 0 <= chosen.port <= 65535:
        parser.error("--port is a number from 0 to 65535")

    tree = Tree.here()
    load_env_file(tree.root)
    with tree.try_lock("run") as first, contextlib.ExitStack() as stack:
        if not first:
            raise Failure(
                f"This tree's city is running already: {address_of(tree)}\nStop it there with Ctrl-C first."
            )
        listener = stack.enter_context(listen(chosen.host, chosen.port))
        port = listener.getsockname()[1]
        city = City(tree, Steps(5 if chosen.no_demo else 6))
        city.set_up()
        cluster = stack.enter_context(city.database(fresh=chosen.fresh))
        demo = os.environ.get("GRIDCITY_DEMO") or ("0" if chosen.no_demo else "1")
        city.env["GRIDCITY_DEMO"] = demo
        city.env.setdefault("GRIDCITY_ALLOWED_HOSTS", ",".join(names_of(chosen.host)))
        city.migrate(always=True)
        if not chosen.no_demo:
            with city.steps.step("Sample city") as step:
                if is_empty(city):
                    step.work("filling")
                    tree.do(
                        city.manage("seed_city", "--demo", "--commit"),
                        env=city.env,
                        why="Making the sample city",
                    )
        with city.steps.step("Web and worker") as step:
            city.front.collect(step, city.env)
        url = f"http://{shown(chosen.host)}:{port}/"
        write(tree.var / "address", url)
        stack.callback((tree.var / "address").unlink, missing_ok=True)
        host = "127.0.0.1" if chosen.host == "0.0.0.0" else "::1" if chosen.host == "::" else chosen.host
        supervisor = Supervisor(children(city, listener), cluster.look_after if cluster else lambda: None)
        supervisor.run(
            ready=lambda: welcome(city, url, sample=not chosen.no_demo),
            is_ready=lambda: answers(host, port, "/"),
        )
        say("\nStopping.")
    return 0


def children(city: City, listener: socket.socket) -> list[Child]:
    serve: list[str | Path] = [
        city.python.python,
        "-P",
        "-m",
        "gridcity.serve",
        "--fd",
        str(listener.fileno()),
    ]
    web = [Child(f"web {n + 1}", serve, city.env, (listener.fileno(),)) for n in range(WEB_PROCESSES)]
    return [*web, Child("worker", city.manage("worker"), city.env)]


def names_of(host: str) -> list[str]:
    """Names under which a browser may call us, given the address we listen on."""
    names = ["localhost", "127.0.0.1", "[::1]"]
    if host in {"0.0.0.0", "::"}:
        with contextlib.suppress(OSError):
            name = socket.gethostname()
            names += [name, *socket.gethostbyname_ex(name)[2]]
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))  # sends nothing; tells which of our addresses faces outside
            names.append(probe.getsockname()[0])
    else:
        names.append(f"[{host}]" if ":" in host else host)
    return list(dict.fromkeys(names))


def shown(host: str) -> str:
    if host in {"0.0.0.0", "::"}:
        return names_of(host)[-1]
    return f"[{host}]" if ":" in host else host


def address_of(tree: Tree) -> str:
    try:
        return (tree.var / "address").read_text()
    except OSError:
        return "it is still starting"


def ask(city: City, *command: str) -> str:
    """The standard output of a management command."""
    done = subprocess.run(city.manage(*command), env=city.env, capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"bin/gridcity {' '.join(command)} failed:\n{done.stderr.strip()[-2000:]}")
    return done.stdout


def is_empty(city: City) -> bool:
    code = "from casework.models import Organisation as O; print(O.objects.exists())"
    return ask(city, "shell", "--no-imports", "-c", code).strip() == "False"


def welcome(city: City, url: str, *, sample: bool) -> None:
    print(f"\nGridCity is running at {url}   (ready after {city.steps.seconds:.1f} s; Ctrl-C stops it)")
    logins = json.loads(ask(city, "seed_city", "--logins", "--json")) if sample else []
    if logins:
        print("\nOne login for every post of the sample city:")
        for row in logins:
            page = url.rstrip("/") + row["path"]
            print(f"  {row['username']:<14} {row['password']:<14} {row['post']} {row['post_en']:<24} {page}")
    if city.env["GRIDCITY_DEMO"] == "0":
        print("This is no demo: put a TLS proxy in front (README, Deployment); plain http is turned away.")
    sys.stdout.flush()


# --- bin/gridcity -------------------------------------------------------------------------------------------


def gridcity(arguments: Sequence[str]) -> int:
    tree = Tree.here()
    load_env_file(tree.root)
    city = City(tree, Steps(4, quiet=True))
    city.set_up(pages=False)
    with city.database():
        name = next((a for a in arguments if not a.startswith("-")), "help")
        if name not in NEEDS_NO_TABLES and "--help" not in arguments:
            city.migrate(always=False)
        return call(city.manage(*arguments), city.env)


# --- bin/test and bin/check ---------------------------------------------------------------------------------

FAST = ["-m", "not database and not browser and not faults and not slow"]
UNIT = ["-m", "not browser and not faults and not slow", "--reuse-db"]


def test(arguments: Sequence[str]) -> int:
    """bin/test [fast|unit|ARGS…]: arguments go to pytest."""
    tree = Tree.here()
    load_env_file(tree.root)
    kind = arguments[0] if arguments and arguments[0] in {"fast", "unit"} else ""
    rest = list(arguments[1:] if kind else arguments)
    chosen_paths = [a for a in rest if Path(a.partition("::")[0]).exists() and not a.startswith("-")]
    whole = not kind and not chosen_paths
    city = City(tree, Steps(4, quiet=bool(kind or chosen_paths)))
    city.set_up(dev=True, pages=whole or any("browser" in path for path in chosen_paths))
    if kind == "fast":
        city.env = environment(tree.root, tree.var, "postgresql:///nothing")
        faults = checks.lint(city.python, tree.root)
        return faults or pytest(city, [*FAST, *rest])
    with city.database(), city.steps.step("Browser for tests") as step, test_slot(tree) as slot:
        browser = ensure_browser(tree, step) if whole or "browser" in " ".join(chosen_paths) else None
        if browser:
            city.env["GRIDCITY_CHROMIUM"] = browser
        city.env["GRIDCITY_TEST_DATABASE"] = f"test_gridcity_{slot}"
        step.end("")
        faults = checks.everything(city.python, city.front, city.env) if whole else 0
        return pytest(city, [*(UNIT if kind else []), *rest]) or faults


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
    tree = Tree.here()
    city = City(tree, Steps(4, quiet=True))
    city.set_up(dev=True, pages=False)
    with city.steps.step("Front-end packages") as step:
        city.front.install(step)
    with city.database():
        return checks.everything(city.python, city.front, city.env)


# --- bench/run ----------------------------------------------------------------------------------------------


def bench(arguments: Sequence[str]) -> int:
    """bench/run NAME [ARGS…]: a yardstick, over a city of its own in var/bench."""
    names = sorted(p.stem for p in (Tree.here().root / "bench").glob("*.py") if "main()" in p.read_text())
    if not arguments or arguments[0] not in names:
        raise Failure(f"bench/run NAME [ARGS…], where NAME is one of: {', '.join(names)}")
    root = Tree.here().root
    tree = Tree(root, Path(os.environ.get("GRIDCITY_VAR") or root / "var/bench").absolute())
    city = City(tree, Steps(4))
    city.set_up(dev=True, pages=False)
    with city.database():
        city.migrate(always=True)
        return call([city.python.python, "-P", "-m", f"bench.{arguments[0]}", *arguments[1:]], city.env)


# --- bin/lock -----------------------------------------------------------------------------------------------


def lock(arguments: Sequence[str]) -> int:
    """Resolves the requirement files anew. The results name no host and serve every supported Python."""
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
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)  # so that what was started is stopped on the way out
    try:
        return COMMANDS[arguments[0]](arguments[1:])
    except Failure as fault:
        say(f"\n{fault}")
    except PermissionError as fault:
        say(
            f"\n{fault.filename} belongs to another user.\n"
            "Run as that user, or set GRIDCITY_VAR to a folder of yours."
        )
    except KeyboardInterrupt:
        say("\nStopped. The same command goes on from here.")
        return 130
    return 1
