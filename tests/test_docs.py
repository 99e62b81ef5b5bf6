"""What the documents say is so."""

import re
from pathlib import Path

import pytest

from portal import __version__
from portal.commands import main
from portal.settings import CHECKOUT, Confirmed, Settings, rows

DOCUMENTS = [*CHECKOUT.glob("*.md"), *CHECKOUT.glob("docs/**/*.md")]


def text(name: str) -> str:
    return (CHECKOUT / name).read_text("utf-8")


def test_the_readme_lists_just_the_settings_there_are() -> None:
    listed = dict(re.findall(r"^\| `([A-Z_]+)` \| (.+?) \|", text("README.md"), re.MULTILINE))
    assert listed == {
        row.metadata["variable"]: row.metadata["meaning"]
        for row in rows(Settings) + rows(Confirmed)
    }


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text("utf-8")):
        assert target.startswith("https://") or (path.parent / target).exists(), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_named_files_exist(path: Path) -> None:
    named = re.findall(
        r"`((?:portal|tests|templates|docs|static)/[\w./-]+)`", path.read_text("utf-8")
    )
    assert [name for name in named if not (CHECKOUT / name).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_named_commands_exist(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = re.findall(
        r"(?:portal|dev\.py) ((?:db|catalogs|messages) [a-z]+|serve|check)\b",
        path.read_text("utf-8"),
    )
    for command in set(found):
        with pytest.raises(SystemExit) as end:
            main([*command.split(), "--help"])
        assert end.value.code == 0, command
    capsys.readouterr()


def test_the_version_is_told_once() -> None:
    assert f"\n## {__version__}," in text("CHANGELOG.md")
    assert f"softwareVersion: {__version__}\n" in text("publiccode.yml")


@pytest.mark.parametrize("lock", ["run.txt", "dev.txt"])
def test_locks_have_hashes_and_name_no_registry(lock: str) -> None:
    content = text(f"requirements/{lock}")
    pins = re.findall(r"^[\w.\[\]-]+==\S+.*\\$", content, re.MULTILINE)
    assert len(pins) > 15
    assert content.count("--hash=sha256:") >= len(pins)
    assert "://" not in content
