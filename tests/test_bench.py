"""What the benchmarks start is a portal, also the copies with more languages and pages."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench.copies import grown_copy

LOOK = """
from portal.settings import Settings
from portal.web.edition import build

edition = build(Settings())
edition.compress_ahead()
print(len(edition.languages), "/en/sida-0" in edition.resources)
"""


@pytest.mark.slow
def test_a_grown_copy_has_its_languages_and_pages(tmp_path: Path) -> None:
    copy = grown_copy(tmp_path / "copy", languages=5, pages=20)
    command = [sys.executable, "-c", LOOK]
    output = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=True).stdout
    assert output.split() == ["5", "True"]
