"""Everything one clone needs to run, made step by step where it is missing."""

import contextlib
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from launcher.cluster import Cluster
from launcher.front import Front
from launcher.packages import DATABASE, find_postgres, unpack
from launcher.pyenv import LOCK, PythonEnv
from launcher.say import Failure, Step, Steps
from launcher.serve import environment
from launcher.tree import Tree, key_of, write


class Beside:
    """Work done beside the other steps. What goes wrong with it is told where its result is needed."""

    def __init__(self, work: Callable[[Step], None]) -> None:
        self.step = Step(silent=True)
        self.fault: BaseException | None = None
        self.thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self.thread.start()

    def _run(self, work: Callable[[Step], None]) -> None:
        try:
            work(self.step)
        except BaseException as fault:
            self.fault = fault

    def join(self, step: Step) -> None:
        if self.thread.is_alive():
            step.work(self.step.detail)
        self.thread.join()
        if self.fault:
            raise self.fault


class City:
    """One launcher at a time sets up; a second one waits, and then finds the work done."""

    def __init__(self, tree: Tree, steps: Steps) -> None:
        self.tree = tree
        self.steps = steps
        self.python = PythonEnv(tree)
        self.front = Front(tree, self.python)
        self.env = environment(tree.root, tree.var, os.environ.get("GRIDCITY_DATABASE", ""))
        self.programs: Beside | None = None
        keep_secret(tree)

    # --- Python and front end -------------------------------------------------------------------------
    def ensure_python(self, *, dev: bool = False) -> None:
        if not os.environ.get("GRIDCITY_DATABASE"):
            self._fetch_database_programs()
        with self.steps.step("Python packages") as step, self.tree.lock("python"):
            self.python.ensure(step, dev=dev)

    def ensure_front(self, step: Step) -> None:
        """What the pages need, short of serving them."""
        with self.tree.lock("front"):
            self.front.catalogues(step)
            self.front.install(step)
            self.front.bundle(step)

    def ensure_static(self, step: Step) -> None:
        """What a served city needs."""
        self.ensure_front(step)
        with self.tree.lock("front"):
            self.front.collect(step, self.env)

    # --- database -------------------------------------------------------------------------------------
    def _fetch_database_programs(self) -> None:
        """Begins the longest download first. If it fails, ensure_postgres() knows other ways."""
        cluster = Cluster(self.tree)
        if not find_postgres(cluster.programs):
            self.programs = Beside(lambda step: unpack(self.tree, DATABASE, cluster.programs, step))

    @contextlib.contextmanager
    def database(self, *, fresh: bool = False) -> Iterator[Cluster | None]:
        """The private cluster; or nothing of ours where GRIDCITY_DATABASE names another server."""
        if os.environ.get("GRIDCITY_DATABASE"):
            if fresh:
                raise Failure(
                    "--fresh discards only what bin/run made; GRIDCITY_DATABASE names another server."
                )
            self.steps.total -= 1
            yield None
            return
        with contextlib.ExitStack() as stack:
            with self.steps.step("Database server") as step:
                cluster = Cluster(self.tree)
                if self.programs:
                    with contextlib.suppress(Failure):
                        self.programs.join(step)
                with self.tree.lock("programs"):
                    cluster.ensure_programs(step)
                if fresh:
                    cluster.discard()
                    shutil.rmtree(self.tree.var / "media", ignore_errors=True)
                if cluster.version is None:
                    self.tree.unstamp("migrations")
                    self.tree.unstamp("sample")
                stack.enter_context(cluster.using(step))
            self.env["GRIDCITY_DATABASE"] = cluster.url
            yield cluster

    def migrate(self) -> None:
        """To the newest tables, if the last time was with other migrations."""
        migrations = self.tree.root.glob("*/migrations/*.py")
        key = key_of(migrations, (self.tree.root / LOCK).read_text(), self.env["GRIDCITY_DATABASE"])
        with self.steps.step("Tables") as step, self.tree.lock("tables"):
            self._keep_push_key()
            if self.tree.is_stamped("migrations", key):
                return
            step.work("migrating")
            command = self.manage("migrate", "--noinput", "-v0")
            self.tree.do(command, env=self.env, why="Migrating the database")
            self.tree.stamp("migrations", key)

    def _keep_push_key(self) -> None:
        """Signs messages to phones, once the city names services for them (GRIDCITY_PUSH_SERVICES)."""
        kept = self.tree.var / "push_key.pem"
        if not kept.exists():
            made: list[str | Path] = [self.python.python, "-P", "-m", "casework.push_key", kept]
            self.tree.do(made, env=self.env, why="Making the key for messages to phones")

    def fill(self) -> None:
        """The sample city, into an empty database, or where an earlier filling was cut short."""
        with self.steps.step("Sample city") as step:
            begun = self.tree.is_stamped("sample", "begun")
            if not begun and (self.tree.is_stamped("sample", "done") or not self._is_empty()):
                return
            self.tree.stamp("sample", "begun")
            command = self.manage("seed_city", "--demo", "--commit")
            self.tree.do(command, env=self.env, why="Making the sample city", tell=step.work)
            self.tree.stamp("sample", "done")

    def _is_empty(self) -> bool:
        code = "from casework.models import Organisation as O; print(O.objects.exists())"
        return self.ask("shell", "--no-imports", "-c", code).strip() == "False"

    # --- management commands --------------------------------------------------------------------------
    def manage(self, *args: str) -> list[str | Path]:
        return [self.python.python, "-P", "-m", "gridcity", *args]

    def ask(self, *command: str) -> str:
        """The standard output of a management command."""
        return self.tree.do(self.manage(*command), env=self.env, why=f"bin/gridcity {' '.join(command)}")


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
