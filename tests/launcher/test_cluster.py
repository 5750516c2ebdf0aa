"""The private database, with real servers: each rule learnt by failing has its test here."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher import cluster as clusters
from launcher.cluster import Cluster
from launcher.say import Failure, Step
from launcher.tree import Tree

pytestmark = pytest.mark.faults


@pytest.fixture
def tree() -> Iterator[Tree]:
    """A folder that any user may walk into, as the server's may be another; pytest closes its own."""
    with tempfile.TemporaryDirectory(prefix="gridcity-") as name:
        base = Path(name)
        base.chmod(0o755)
        yield Tree(base / "project", base / "var")


@pytest.fixture
def cluster(tree: Tree) -> Iterator[Cluster]:
    made = Cluster(tree)
    running = Cluster(Tree.here())  # the one these tests run on has found the programs, or unpacked them
    running.ensure_programs(Step())
    made.postgres = running.postgres
    yield made
    made.stop()


def sql(cluster: Cluster, statement: str) -> str:
    assert cluster.postgres
    return subprocess.run(
        [cluster.postgres.bin / "psql", "-XAtq", cluster.url, "-c", statement],
        env={**os.environ, **cluster.postgres.env},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def postmaster(cluster: Cluster) -> int:
    return int((cluster.data / "postmaster.pid").read_text().split()[0])


def test_it_speaks_only_through_a_private_socket_and_keeps_what_it_was_told(cluster: Cluster) -> None:
    with cluster.using():
        assert sql(cluster, "show listen_addresses") == ""
        assert [sql(cluster, f"show {name}") for name in ("fsync", "synchronous_commit", "wal_level")] == [
            "on",
            "on",
            "logical",
        ]
        assert stat.S_IMODE(cluster.sockets.stat().st_mode) == 0o700
        assert sql(cluster, "select array_length(show_trgm('朝阳区井盖'), 1)") == "6"
        assert (
            sql(cluster, "select st_srid(st_transform('srid=4326;point(116.4 39.9)'::geometry, 4549))")
            == "4549"
        )
        owner = cluster.data.stat().st_uid
        assert owner != 0
        assert owner == (cluster.user.pw_uid if cluster.user else os.geteuid())
    assert clusters.live_processes_in(cluster.data) == []


def test_the_last_user_stops_it_and_no_other(cluster: Cluster) -> None:
    inside, may_leave = threading.Event(), threading.Event()

    def second() -> None:
        with cluster.using():
            inside.set()
            may_leave.wait(30)

    with cluster.using():
        thread = threading.Thread(target=second)
        thread.start()
        assert inside.wait(30)
    assert cluster.is_ready(), "stopped under the feet of another command"
    may_leave.set()
    thread.join(30)
    assert not cluster.is_ready()


def test_it_mends_after_kill_9_with_everything_committed(cluster: Cluster) -> None:
    """The pid may remain a zombie, which pg_ctl takes for a running server."""
    with cluster.using():
        sql(cluster, "create table kept(n int); insert into kept select generate_series(1, 1000)")
        os.kill(postmaster(cluster), signal.SIGKILL)
        cluster.bring_up()
        assert sql(cluster, "select count(*) from kept") == "1000"


def test_a_pid_file_that_names_a_stranger_is_no_server(cluster: Cluster) -> None:
    with cluster.using():
        sql(cluster, "create table kept(n int)")
    stranger = subprocess.Popen(["sleep", "60"], cwd="/", **clusters.as_user(cluster.user))
    try:
        (cluster.data / "postmaster.pid").write_text(
            f"{stranger.pid}\n{cluster.data}\n1\n5432\n\n\n0 0\nready\n"
        )
        with cluster.using():
            assert sql(cluster, "select count(*) from kept") == "0"
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_half_a_cluster_is_never_taken_for_one(cluster: Cluster) -> None:
    draft = cluster.home / "data.draft"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("15\n")
    assert cluster.version is None
    with cluster.using():
        assert sql(cluster, "select 1") == "1"
    assert not draft.exists()


def test_an_interruption_between_server_and_database_is_mended(cluster: Cluster) -> None:
    with cluster.using():
        pass
    (cluster.home / "made").unlink()
    with cluster.using():
        assert sql(cluster, "select extname from pg_extension where extname = 'postgis'") == "postgis"


def test_fresh_discards_but_not_under_anothers_feet(cluster: Cluster) -> None:
    with cluster.using():
        sql(cluster, "create table old(n int)")
        with pytest.raises(Failure, match="Another GridCity command"):
            cluster.discard()
    cluster.discard()
    with cluster.using():
        assert sql(cluster, "select to_regclass('old') is null") == "t"


def test_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    long = tmp_path / ("部" * 20) / "cluster"
    short = clusters.socket_folder(long, "0123456789ab")
    assert len(os.fsencode(short / clusters.SOCKET_NAME)) <= clusters.LONGEST_SOCKET
    assert not short.is_relative_to(tmp_path)
    near = Path("/x" * 10)
    assert clusters.socket_folder(near, "0123456789ab") == near / "socket"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
def test_a_path_closed_to_the_servers_user_moves_it(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lasting = tmp_path / "lasting"
    monkeypatch.setattr(clusters, "LASTING", lasting)
    tree.var.chmod(0o700)
    closed = Cluster(tree)
    assert closed.home == lasting / f"gridcity-{tree.name}"
    assert stat.S_IMODE(closed.home.stat().st_mode) == 0o700
    tree.var.chmod(0o755)
    assert Cluster(tree).home == closed.home, "a cluster once made must be found again"


def test_a_folder_that_somebody_else_put_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "planted").symlink_to(tmp_path / "target")
    with pytest.raises(Failure, match="belongs to somebody else"):
        clusters.private_folder(tmp_path / "planted", None)


def test_a_zombie_does_not_count_as_living(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"], cwd=tmp_path)
    deadline = time.monotonic() + 20
    while clusters.live_processes_in(tmp_path):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(child.pid, 0)  # still in the table, not yet waited for
    child.wait()
