"""An installed portal works from any folder."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from portal.settings import CHECKOUT

PACKED = (
    "portal/py.typed",
    "portal/_data/templates/layout.html",
    "portal/_data/static/css/tokens.css",
    "portal/_data/locales/ar/LC_MESSAGES/portal.po",
    "portal/storage/migrations/versions/0001_messages.py",
)


@pytest.mark.slow
def test_the_wheel_has_all_that_an_installed_portal_needs(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    build = ["wheel", "--no-build-isolation", "--no-deps", "-w", str(tmp_path), str(CHECKOUT)]
    subprocess.run([*pip, *build], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert {*PACKED} - {*zipfile.ZipFile(wheel).namelist()} == set()
    site = tmp_path / "site"
    subprocess.run([*pip, "install", "--no-deps", "--target", str(site), str(wheel)], check=True)
    upgrade = subprocess.run(
        [sys.executable, "-m", "portal", "db", "upgrade"],
        env={"PYTHONPATH": str(site), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert upgrade.stdout.strip().isdigit()
    data = tmp_path / ".local/share/portal"
    assert (data / "portal.db").exists()
    assert (data / "secret-key").stat().st_mode & 0o777 == 0o600
