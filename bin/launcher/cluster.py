"""A private PostgreSQL: a Unix socket only, no port, no service, nobody else's data.

Learnt by failing: postgres refuses root; root's home is closed to other users; socket paths end at 107 bytes;
`pg_ctl status` believes a zombie; a pid file can outlive its process.
"""

import contextlib
import fcntl
import os
import pwd
import shutil
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from launcher.packages import Postgres, ensure_postgres
from launcher.say import Failure, Step, say
from launcher.tree import Tree, write

LONGEST_SOCKET = 107
SOCKET_NAME = ".s.PGSQL.5432"
OWNER = "gridcity"
EXTENSIONS = ("postgis", "pg_trgm", "btree_gist")
# Open to everybody: what we make there is checked for its owner and mode before use.
LASTING = Path("/var/tmp")
SHORT = Path("/tmp")


def server_user() -> pwd.struct_passwd | None:
    """Whom the server runs as: ourselves (None), or for root the user postgres, or one made for this."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", OWNER):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    options = ["--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"]
    subprocess.run(["useradd", *options, OWNER], check=True)
    return pwd.getpwnam(OWNER)


def as_user(user: pwd.struct_passwd | None) -> dict[str, Any]:
    """Arguments for subprocess: not `su`, which wants a shell and a PAM session."""
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def is_open_to(user: pwd.struct_passwd | None, folder: Path) -> bool:
    """Whether the server may walk down to a folder."""
    return user is None or subprocess.run(["test", "-x", folder], cwd="/", **as_user(user)).returncode == 0


def private_folder(folder: Path, user: pwd.struct_passwd | None) -> Path:
    """A folder only the server (and root) may enter. One made by anybody else under this name is refused."""
    uid = user.pw_uid if user else os.geteuid()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    seen = folder.lstat()
    if not stat.S_ISDIR(seen.st_mode) or seen.st_uid not in (uid, os.geteuid()):
        raise Failure(f"{folder} belongs to somebody else. Remove it, or set GRIDCITY_VAR to another folder.")
    if user:
        os.chown(folder, user.pw_uid, user.pw_gid, follow_symlinks=False)
    folder.chmod(0o700)
    return folder


def socket_folder(home: Path, name: str) -> Path:
    """Beside the data, or under a short name where the path would be too long for a socket."""
    inside = home / "socket"
    fits = len(os.fsencode(inside / SOCKET_NAME)) <= LONGEST_SOCKET
    return inside if fits else SHORT / f"gridcity-{name}"


def live_processes_in(folder: Path) -> list[int]:
    """Processes at home in the data folder, zombies left out: the postmaster and all its children."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            if state not in "ZX" and (entry / "cwd").resolve() == folder.resolve():
                found.append(int(entry.name))
    return found


class Cluster:
    """The database server of one tree. `using()` is the only way in: the last to leave stops it."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.user = server_user()
        self.home = self._home()
        self.data = self.home / "data"
        self.log = self.home / "server.log"
        self.postgres: Postgres | None = None

    def _home(self) -> Path:
        """Where the cluster lives. Once chosen it is noted, for a path's permissions may change later."""
        note = self.tree.var / "cluster.place"
        with contextlib.suppress(OSError, ValueError):
            place, owner = note.read_text().splitlines()
            if owner == str(self.tree.var) and Path(place).is_dir():
                return Path(place)
        if is_open_to(self.user, self.tree.var):
            home = self.tree.var / "cluster"
        else:
            home = LASTING / f"gridcity-{self.tree.name}"
            user = self.user.pw_name if self.user else ""
            say(f"{self.tree.var} is closed to the user {user}: the database lives in {home}")
        private_folder(home, self.user)
        write(note, f"{home}\n{self.tree.var}\n")
        return home

    @property
    def programs(self) -> Path:
        """Where unpacked programs go: the server's user must be able to reach them."""
        return (self.tree.var if self.home.parent == self.tree.var else self.home) / "postgres"

    @property
    def sockets(self) -> Path:
        return socket_folder(self.home, self.tree.name)

    @property
    def url(self) -> str:
        return f"postgresql:///gridcity?host={quote(str(self.sockets), safe='')}&user={OWNER}"

    @property
    def version(self) -> int | None:
        try:
            return int((self.data / "PG_VERSION").read_text())
        except OSError:
            return None

    def ensure_programs(self, step: Step) -> None:
        self.postgres = ensure_postgres(self.tree, self.programs, step, version=self.version)

    # --- use ------------------------------------------------------------------------------------------------
    @contextlib.contextmanager
    def using(self, step: Step | None = None) -> Iterator[None]:
        """Started if need be; stopped by whoever is the last to leave. A killed user has left."""
        with open(self.tree.var / "lock" / "cluster-users", "w") as users:
            try:
                with self.tree.lock("cluster"):
                    fcntl.flock(users, fcntl.LOCK_SH)
                    self.start(step)
                yield
            finally:
                with self.tree.lock("cluster"):
                    fcntl.flock(users, fcntl.LOCK_UN)
                    with self.tree.try_lock("cluster-users") as last:
                        if last:
                            self.stop()

    def start(self, step: Step | None = None) -> None:
        if self.is_ready():
            return
        if self.version is None:
            if step:
                step.work("making a private database")
            self.make()
        self.configure()
        self.bring_up()
        if not (self.home / "made").exists():
            self.make_database()
            write(self.home / "made", "")

    def discard(self) -> None:
        """Everything the cluster holds, for `--fresh`."""
        with self.tree.lock("cluster"), self.tree.try_lock("cluster-users") as alone:
            if not alone:
                raise Failure("Another GridCity command is using this database. End it first.")
            if self.version is not None:
                self.stop()
            for old in ("data", "made"):
                path = self.home / old
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    # --- steps ----------------------------------------------------------------------------------------------
    def make(self) -> None:
        """Into a draft that is renamed when complete, so that half a cluster is never taken for one."""
        draft = self.home / "data.draft"
        shutil.rmtree(draft, ignore_errors=True)
        options = ["-U", OWNER, "-E", "UTF8", "--locale=C.UTF-8", "-k", "--auth-local=trust"]
        options += ["--auth-host=reject"]
        made = self._program("initdb", *options, "-D", draft)
        if made.returncode:
            raise Failure(f"initdb failed:\n    {made.stderr.strip()[-1000:]}")
        with open(draft / "postgresql.conf", "a") as conf:
            conf.write("\ninclude_if_exists = 'gridcity.conf'\n")
        draft.rename(self.data)

    def configure(self) -> None:
        private_folder(self.sockets, self.user)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "shared_buffers": "256MB",
            "max_wal_size": "2GB",
            "wal_level": "logical",
            "fsync": "on",
            "synchronous_commit": "on",
            "timezone": "UTC",
            "jit": "off",
        }
        lines = [f"{key} = '{value.replace(chr(39), chr(39) * 2)}'" for key, value in settings.items()]
        conf = self.data / "gridcity.conf"
        write(conf, "\n".join(lines) + "\n")
        if self.user:
            os.chown(conf, self.user.pw_uid, self.user.pw_gid)

    def bring_up(self, patience: float = 60) -> None:
        """Start, and start again if need be, until the server answers.

        A server in recovery says "rejecting", which may rightly take longer than our patience with silence.
        """
        began = time.monotonic()
        while not self.is_ready():
            if not live_processes_in(self.data):
                # Nobody lives in the data folder: a pid file there is a dead server's, or a zombie's.
                (self.data / "postmaster.pid").unlink(missing_ok=True)
                self._program("pg_ctl", "start", "-W", "-s", "-D", self.data, "-l", self.log)
            waited = time.monotonic() - began
            if waited > (patience if self._answer() == 2 else 20 * patience):
                raise Failure(f"The database did not start in {waited:.0f} s. Its own words: {self.log}")
            time.sleep(0.1)

    def look_after(self) -> None:
        """Brings a server back that somebody killed while we were using it."""
        if not self.is_listening():
            with self.tree.lock("cluster"):
                say("The database has gone away; bringing it back")
                self.bring_up()
                say("The database is back")

    def stop(self) -> None:
        if live_processes_in(self.data):
            self._program("pg_ctl", "stop", "-s", "-m", "fast", "-w", "-t", "60", "-D", self.data)

    def make_database(self) -> None:
        """The extensions go into the template, so that databases made for tests have them too."""
        wanted = "; ".join(f"create extension if not exists {name}" for name in EXTENSIONS)
        for database, statement in (("template1", wanted), ("postgres", "create database gridcity")):
            done = self._program(
                "psql", "-X", "-q", "-h", self.sockets, "-U", OWNER, "-d", database, "-c", statement
            )
            if done.returncode and "already exists" not in done.stderr:
                raise Failure(f"Making the database failed:\n    {done.stderr.strip()[-1000:]}")

    # --- programs -------------------------------------------------------------------------------------------
    def is_ready(self) -> bool:
        return self.version is not None and self._answer() == 0

    def is_listening(self) -> bool:
        """A cheaper question: is there anybody at the socket?"""
        with socket.socket(socket.AF_UNIX) as caller:
            return caller.connect_ex(str(self.sockets / SOCKET_NAME)) == 0

    def _answer(self) -> int:
        """pg_isready: 0 accepting, 1 rejecting (starting up), 2 silent."""
        return self._program("pg_isready", "-q", "-h", self.sockets).returncode

    def _program(self, name: str, *args: str | Path) -> "subprocess.CompletedProcess[str]":
        assert self.postgres, "ensure_programs() comes first"
        # Output through a file: the server inherits it, and a pipe would be held open for its whole life.
        words = self.tree.var / "log" / f"{name}.{os.getpid()}"
        with open(words, "w+") as out:
            done = subprocess.run(
                [self.postgres.bin / name, *args],
                cwd="/",
                env={
                    "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
                    "LC_ALL": "C.UTF-8",
                    **self.postgres.env,
                },
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                **as_user(self.user),
            )
            out.seek(0)
            said = out.read()
        words.unlink()
        return subprocess.CompletedProcess(done.args, done.returncode, "", said)
