"""The project folder and `var/`, which holds everything made on this machine, with its stamps and locks."""

import atexit
import contextlib
import fcntl
import hashlib
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from launcher.say import Failure


class Tree:
    """One clone of the project. Two clones, or two values of GRIDCITY_VAR, share nothing."""

    def __init__(self, root: Path, var: Path) -> None:
        self.root = root
        self.var = var
        self.working: list[subprocess.Popen[str]] = []
        for folder in ("stamps", "lock", "log", "static"):
            (var / folder).mkdir(parents=True, exist_ok=True)

    @classmethod
    def here(cls) -> "Tree":
        root = Path(__file__).resolve().parent.parent.parent
        tree = cls(root, Path(os.environ.get("GRIDCITY_VAR") or root / "var").absolute())
        atexit.register(tree.abandon)
        return tree

    @property
    def name(self) -> str:
        """Twelve characters that name this folder where its full path would be too long or closed."""
        return hashlib.sha256(os.fsencode(self.var)).hexdigest()[:12]

    # --- stamps: what has been finished, keyed by what it was made from -------------------------------------
    def is_stamped(self, step: str, *keys: str) -> bool:
        try:
            return (self.var / "stamps" / step).read_text() in keys
        except OSError:
            return False

    def stamp(self, step: str, key: str) -> None:
        write(self.var / "stamps" / step, key)

    def unstamp(self, step: str) -> None:
        (self.var / "stamps" / step).unlink(missing_ok=True)

    # --- locks: the kernel lets go of them whatever way a process ends --------------------------------------
    @contextlib.contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Waits for its turn."""
        with open(self.var / "lock" / name, "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def try_lock(self, name: str) -> Iterator[bool]:
        """True inside when nobody else had it."""
        with open(self.var / "lock" / name, "w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def abandon(self) -> None:
        """Ends the set-up programs still running; what they made counts for nothing without its stamp."""
        for process in list(self.working):
            process.terminate()

    # --- running programs -----------------------------------------------------------------------------------
    def do(
        self,
        command: Sequence[str | Path],
        *,
        why: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> str:
        """Runs a program of ours and gives its standard output; `tell` is given what it says of its progress.

        Its last words go into the sentence when it fails, all of them into the log.
        """
        with tempfile.TemporaryFile("w+", dir=self.var / "log", errors="replace") as out:
            try:
                process = subprocess.Popen(
                    command,
                    cwd=cwd or self.root,
                    env=env,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.PIPE,
                    text=True,
                    errors="replace",
                )
            except OSError as fault:
                raise Failure(f"{why} failed: {fault}") from None
            self.working.append(process)
            told = []
            assert process.stderr
            for line in process.stderr:
                told.append(line.rstrip())
                if tell and line.strip():
                    tell(line.strip())
            code = process.wait()
            self.working.remove(process)
            out.seek(0)
            said = out.read()
        log = self.var / "log" / "setup.log"
        words = [*said.splitlines()[-200:], *told]
        with open(log, "a") as kept:
            kept.write("\n".join([f"$ {' '.join(map(str, command))}", *words, ""]))
        if code:
            raise Failure(f"{why} failed (all of it in {log}):\n    " + "\n    ".join(words[-12:]))
        return said


def write(path: Path, content: str, *, mode: int = 0o644) -> None:
    """The whole file or none of it, also when interrupted."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)


def key_of(*parts: str | Path | Iterable[Path]) -> str:
    """A key over texts and the contents of files; files that are absent count as absent."""
    total = hashlib.sha256()
    for part in parts:
        for item in [part] if isinstance(part, str | Path) else sorted(part):
            total.update(os.fsencode(str(item)) + b"\0")
            if isinstance(item, Path):
                total.update(item.read_bytes() if item.is_file() else b"absent")
            total.update(b"\0")
    return total.hexdigest()


def files_under(*folders: Path) -> list[Path]:
    """All files below the folders, except what was installed or made there."""
    found = []
    for folder in folders:
        for place, below, names in os.walk(folder):
            below[:] = [name for name in below if name not in {"node_modules", "dist", "__pycache__"}]
            found += [Path(place, name) for name in names]
    return found
