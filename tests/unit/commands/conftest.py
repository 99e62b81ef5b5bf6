"""What the stories of the command line share."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def database_url(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Every command works on a database of the test's own."""
    url = f"sqlite:///{tmp_path}/own.db"
    monkeypatch.setenv("DATABASE_URL", url)
    return url


@pytest.fixture
def run() -> Run:
    """Runs a command in a process of its own."""

    def run(*arguments: str, python: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *python, "-m", "portal", *arguments]
        return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)

    return run
