"""What is released can be built again by anybody, and everything in it is named."""

import hashlib
import json
import re
import shutil
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest

import dev
from portal import __version__
from portal.settings import CHECKOUT

PINS = dict(
    re.findall(
        r"^([\w.-]+)(?:\[[\w,]+\])?==([^ ]+)",
        (CHECKOUT / dev.LOCK).read_text("utf-8"),
        re.MULTILINE,
    )
)
"""The packages that are installed with the portal, and their versions."""

Release = Callable[[str], Path]


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Release:
    """Copies the checkout to a folder of a name, and releases it there."""

    def release(name: str) -> Path:
        source = tmp_path / name
        others = shutil.ignore_patterns(".*", "__pycache__", "var", "dist")
        shutil.copytree(CHECKOUT, source, ignore=others)
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "1764172800")
        monkeypatch.setattr(dev, "ROOT", source)
        monkeypatch.chdir(source)
        assert dev.release(source / "dist", sys.executable) == 0
        return source / "dist"

    return release


@pytest.mark.slow
def test_two_builds_give_the_same_bytes(release: Release) -> None:
    first, second = (
        {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in release(name).iterdir()
        }
        for name in ("here", "somewhere-else")
    )
    assert {name[-4:] for name in first} == {".whl", "r.gz", "json"}
    assert first == second


@pytest.mark.slow
def test_the_list_of_parts_has_every_package_with_its_hashes(release: Release) -> None:
    (path,) = release("checkout").glob("*.cdx.json")
    parts = json.loads(path.read_text("utf-8"))
    assert parts["bomFormat"] == "CycloneDX"
    component = parts["metadata"]["component"]
    assert (component["name"], component["version"]) == ("guardians-portal", __version__)
    assert component["licenses"][0]["license"]["id"] == "EUPL-1.2"
    assert {part["name"]: part["version"] for part in parts["components"]} == PINS
    assert all(part["externalReferences"][0]["hashes"] for part in parts["components"])


def test_the_licence_of_every_package_is_listed_as_the_package_states_it() -> None:
    page = (CHECKOUT / "docs/licences.md").read_text("utf-8")
    licences = dict(re.findall(r"^\| ([a-z][\w-]*)[^|]* \| ([^|]+) \|$", page, re.MULTILINE))
    assert licences.keys() == PINS.keys()
    for name, licence in licences.items():
        families = {word.partition("-")[0] for word in licence.split()} - {"AND", "OR"}
        words = statement(name)
        assert not words or families <= words, name


def statement(name: str) -> set[str]:
    """The words that an installed package says of its licence; none for another system's."""
    try:
        fields = metadata(name)
    except PackageNotFoundError:
        return set()
    lines = [
        line
        for field in ("License-Expression", "License", "Classifier")
        for line in fields.get_all(field, [])
        if field != "Classifier" or line.startswith("License")
    ]
    return set(re.findall(r"[A-Za-z]+", " ".join(lines)))


def test_packages_whose_private_parts_are_used_cannot_change_unseen() -> None:
    """test_protocol.py names those of uvicorn and httptools; SQLAlchemy's is greenlet_spawn."""
    requirements = (CHECKOUT / "pyproject.toml").read_text("utf-8")
    for name in ("uvicorn", "httptools", "sqlalchemy"):
        major, minor, *_ = map(int, PINS[name].split("."))
        bounds = rf'"{name}(\[\w+\])?>={major}\.{minor}(\.\d+)?,<{major}\.{minor + 1}"'
        assert re.search(bounds, requirements)
