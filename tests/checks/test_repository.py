"""What must hold of the repository itself: nothing foreign in it, locks without hosts, sound containers."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from launcher import checks

ROOT = Path(__file__).parents[2]


def committed() -> list[Path]:
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("no git here, or a copy without its history")
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True
    )
    assert listed.returncode == 0, listed.stderr
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_lock_files_name_no_host() -> None:
    assert checks.host_names(ROOT) == []


@pytest.mark.parametrize(
    "line",
    [
        '      "resolved": "https://registry.example/leaflet.tgz",',
        "--index-url https://pypi.example/simple",
        "django @ https://files.example/django.whl",
    ],
)
def test_a_host_name_in_a_lock_file_is_found(tmp_path: Path, line: str) -> None:
    (tmp_path / "requirements.lock").write_text("django==5.2.19 \\\n    --hash=sha256:00\n")
    assert checks.host_names(tmp_path) == []
    (tmp_path / "requirements.lock").write_text(f"django==5.2.19\n{line}\n")
    assert [fault.split(":")[1] for fault in checks.host_names(tmp_path)] == ["2"]


def test_every_locked_package_has_a_hash() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        blocks = re.split(r"\n(?=[a-z0-9])", lock.read_text())
        pinned = [block for block in blocks if re.match(r"[a-z0-9][\w.\[\]-]*==", block)]
        assert pinned, lock
        assert [block.split()[0] for block in pinned if "--hash=sha256:" not in block] == []


def test_nothing_installed_or_generated_is_committed() -> None:
    strangers = re.compile(
        r"(^|/)(node_modules|vendor|dist|site-packages|__pycache__|var)/|\.(whl|deb|mo|pyc|min\.js)$"
    )
    found = [path for path in committed() if strangers.search(str(path.relative_to(ROOT)))]
    assert found == []


def test_the_container_files_fit_each_other_and_the_settings() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    services = compose["services"]
    assert {"db", "web", "live", "worker"} <= set(services)
    assert "ports" not in services["db"], "the database must not be published"
    assert services["db"]["image"].startswith("postgis/postgis:")
    assert "pg_isready" in " ".join(services["db"]["healthcheck"]["test"])
    for name, service in services.items():
        for mount in service.get("volumes", []):
            assert mount.split(":")[0] in compose["volumes"], f"{name} mounts {mount}"
        for needed in service.get("depends_on", {}):
            assert needed in services
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), f"{name} opens {port} to everybody"
    dockerfile = (ROOT / "Dockerfile").read_text()
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE):
        assert [name for name in source.split() if not (ROOT / name).exists()] == []
    assert re.search(r"^USER gridcity$", dockerfile, re.MULTILINE), "the city must not run as root"


def test_the_example_environment_is_complete() -> None:
    told = set(re.findall(r"^(GRIDCITY_\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    asked = {
        f"GRIDCITY_{name}"
        for source in (ROOT / "gridcity/settings.py",)
        for name in re.findall(
            r'env\.(?:text|flag|number|words|one_of|origins|folder|records|database)\(\s*"(\w+)"',
            source.read_text(),
        )
    }
    asked.discard("GRIDCITY_TEST_DATABASE")  # the launcher's own
    assert asked <= told, f"not in .env.example: {asked - told}"


def test_continuous_integration_is_the_test_command_and_nothing_else() -> None:
    lines = [
        line for line in (ROOT / ".ci/run").read_text().splitlines() if line and not line.startswith("#")
    ]
    assert len(lines) == 2
    assert lines[-1] == 'CI=true exec bin/test "$@"'
