"""Programs are found where they are, and refused where they do not fit."""

from pathlib import Path

import pytest

from launcher import packages
from launcher.say import Failure, Steps
from launcher.tree import Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "project", tmp_path / "var")


def debian(root: Path, *versions: int, postgis: bool = True) -> Path:
    """A root that looks as if Debian's packages of these versions were unpacked there."""
    for version in versions:
        programs = root / f"usr/lib/postgresql/{version}/bin"
        programs.mkdir(parents=True)
        (programs / "postgres").touch()
        extensions = root / f"usr/share/postgresql/{version}/extension"
        extensions.mkdir(parents=True)
        if postgis:
            (extensions / "postgis.control").touch()
    return root


def test_the_newest_postgres_comes_first(tmp_path: Path) -> None:
    found = packages.installed_postgres(debian(tmp_path, 15, 17, 16))
    assert [p.version for p in found] == [17, 16, 15]


def test_postgres_without_postgis_or_too_old_is_not_taken(tmp_path: Path) -> None:
    assert packages.installed_postgres(debian(tmp_path / "plain", 17, postgis=False)) == []
    assert packages.installed_postgres(debian(tmp_path / "old", 14)) == []


def test_unpacked_programs_find_libraries_in_subfolders_too(tmp_path: Path) -> None:
    blas = tmp_path / "usr/lib/x86_64-linux-gnu/blas"
    blas.mkdir(parents=True)
    (blas / "libblas.so.3").touch()
    (tmp_path / "usr/share/proj").mkdir(parents=True)
    env = packages.library_env(tmp_path)
    assert env["LD_LIBRARY_PATH"].split(":") == [str(blas.parent), str(blas)]
    assert env["PROJ_DATA"] == str(tmp_path / "usr/share/proj")


def test_a_cluster_of_another_version_is_refused_with_the_way_out(
    tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        packages, "find_postgres", lambda unpacked: packages.installed_postgres(debian(tmp_path / "now", 17))
    )
    with Steps(1).step("test") as step, pytest.raises(Failure) as refused:
        packages.ensure_postgres(tree, tmp_path / "unpacked", step, version=15)
    for word in ("PostgreSQL 15", "17", "pg_dump", "--fresh"):
        assert word in str(refused.value)


def test_a_cluster_of_an_older_installed_version_keeps_its_programs(
    tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = packages.installed_postgres(debian(tmp_path / "now", 15, 17))
    monkeypatch.setattr(packages, "find_postgres", lambda unpacked: both)
    with Steps(1).step("test") as step:
        assert packages.ensure_postgres(tree, tmp_path / "unpacked", step, version=15).version == 15
        assert packages.ensure_postgres(tree, tmp_path / "unpacked", step).version == 17


def test_no_way_to_the_programs_is_told_with_every_reason(
    tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "find_postgres", lambda unpacked: [])
    monkeypatch.setattr("launcher.packages.shutil.which", lambda name: None)
    with Steps(1).step("test") as step, pytest.raises(Failure) as refused:
        packages.ensure_postgres(tree, tmp_path / "unpacked", step)
    assert "docker compose" in str(refused.value)
    assert str(refused.value).count("apt-get") >= 3  # neither unpacked nor installed, and what to do


def test_debian_is_kept_from_starting_its_own_server_only_where_nobody_chose(
    tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree.root.mkdir()
    conf = tmp_path / "postgresql-common/createcluster.conf"
    monkeypatch.setattr(packages, "system_has_postgres", lambda: True)
    packages.prevent_default_cluster(tree, [], conf)
    assert not conf.exists()
    monkeypatch.setattr(packages, "system_has_postgres", lambda: False)
    packages.prevent_default_cluster(tree, [], conf)
    assert conf.read_text() == "create_main_cluster = false\n"
    conf.write_text("somebody's own\n")
    packages.prevent_default_cluster(tree, [], conf)
    assert conf.read_text() == "somebody's own\n"


def test_a_stub_is_no_browser(tmp_path: Path) -> None:
    stub = tmp_path / "chromium"
    stub.write_text("#!/bin/sh\necho 'Command requires the chromium snap to be installed.' >&2\nexit 10\n")
    stub.chmod(0o755)
    assert not packages.runs(str(stub))
    assert not packages.runs(str(tmp_path / "absent"))
    stub.write_text("#!/bin/sh\necho Chromium 156\n")
    assert packages.runs(str(stub))
