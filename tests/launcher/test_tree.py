"""Stamps and locks: set-up can be cut short anywhere and started again."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from launcher.say import Failure
from launcher.tree import Tree, files_under, key_of, write


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    (tmp_path / "project").mkdir()
    return Tree(tmp_path / "project", tmp_path / "var")


def test_a_key_changes_with_content_name_and_absence(tmp_path: Path) -> None:
    file = tmp_path / "a"
    absent = key_of(file)
    file.write_text("one")
    one = key_of(file)
    file.write_text("two")
    assert len({absent, one, key_of(file), key_of("a"), key_of("a", "b"), key_of("ab")}) == 6
    assert key_of([tmp_path / "b", file]) == key_of([file, tmp_path / "b"])


def test_a_stamp_holds_only_for_its_key(tree: Tree) -> None:
    assert not tree.is_stamped("step", "key")
    tree.stamp("step", "key")
    assert tree.is_stamped("step", "other", "key")
    assert not tree.is_stamped("step", "other")
    tree.unstamp("step")
    assert not tree.is_stamped("step", "key")


def test_a_lock_is_let_go_when_its_holder_is_killed(tree: Tree) -> None:
    script = (
        "import sys, time, pathlib; sys.path.insert(0, sys.argv[1]); from launcher.tree import Tree\n"
        "with Tree(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])).lock('run'):\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    bin_folder = Path(__file__).parents[2] / "bin"
    command: list[str | Path] = [sys.executable, "-c", script, bin_folder, tree.root, tree.var]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert holder.stdout
    assert holder.stdout.readline() == b"held\n"
    with tree.try_lock("run") as mine:
        assert not mine
    holder.kill()
    holder.wait()
    with tree.try_lock("run") as mine:
        assert mine


def test_a_file_is_written_whole_with_its_mode(tmp_path: Path) -> None:
    write(tmp_path / "secret", "old", mode=0o600)
    write(tmp_path / "secret", "new", mode=0o600)
    assert (tmp_path / "secret").read_text() == "new"
    assert stat.S_IMODE(os.stat(tmp_path / "secret").st_mode) == 0o600
    assert os.listdir(tmp_path) == ["secret"]


def test_a_failing_program_is_quoted(tree: Tree) -> None:
    with pytest.raises(Failure, match=r"(?s)Fetching failed.*no route to the mirror"):
        tree.do(["sh", "-c", "echo no route to the mirror >&2; exit 3"], why="Fetching")
    with pytest.raises(Failure, match="Fetching failed"):
        tree.do([tree.var / "absent"], why="Fetching")


def test_what_was_installed_is_no_source(tmp_path: Path) -> None:
    for name in ("src/a.js", "node_modules/b.js", "dist/c.js", "src/__pycache__/d.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert files_under(tmp_path) == [tmp_path / "src/a.js"]
