"""What the Standard for Public Code asks for stands in files, and they agree with the program."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from portal.i18n.languages import discover
from portal.i18n.templates import LOCALES
from portal.settings import CHECKOUT

TEXT_FILES = ("*.py", "*.html", "*.txt")
POINTS = {
    "GOVERNANCE.md": ("another person than its author", "names? that issue", "decided"),
    "CONTRIBUTING.md": ("GOVERNANCE.md", "CODE_OF_CONDUCT.md"),
    "CODE_OF_CONDUCT.md": ("tell a maintainer",),
    "SECURITY.md": ("within three working days",),
    "README.md": ("Ready to use", "Not ready", "EUPL-1.2"),
    "docs/roadmap.md": ("Before it opens", "Not planned"),
    "docs/policy.md": ("Open standards", "Which language counts", "authoritative"),
}
"""What a reader must find in each file."""


def text(name: str) -> str:
    return (CHECKOUT / name).read_text("utf-8")


@pytest.mark.parametrize("name", POINTS)
def test_what_a_newcomer_looks_for_is_there(name: str) -> None:
    for point in POINTS[name]:
        assert re.search(point, text(name)), point


def test_every_page_of_the_documentation_is_found_from_the_readme() -> None:
    waiting = [CHECKOUT / "README.md"]
    reached: set[Path] = set()
    while waiting:
        page = waiting.pop()
        reached.add(page)
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            path = (page.parent / target).resolve()
            linked = [*path.glob("*.md")] if path.is_dir() else [path]
            waiting += [path for path in linked if path.suffix == ".md" and path not in reached]
    pages = {*CHECKOUT.glob("*.md"), *CHECKOUT.glob("docs/**/*.md")}
    assert {str(page.relative_to(CHECKOUT)) for page in pages - reached} == set()


def test_every_rule_is_followed_somewhere_and_held_by_a_test() -> None:
    table = text("docs/policy.md").partition("## Open standards")[0]
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", table, re.MULTILINE)[2:]
    assert len(rows) > 10
    for rule, asked, _, holders in rows:
        assert asked, rule
        assert re.search(r"`tests/[\w/]+\.py`", holders), rule
    laws = ("TF", "OSL", "FL", "DOS-lagen", "Språklagen", "GDPR", "Skollagen")
    assert [law for law in laws if not any(law in row[0] for row in rows)] == []


def test_every_standard_that_the_code_names_is_listed() -> None:
    standard = re.compile(r"\b(RFC \d+|UAX \d+|BCP \d+)")
    named = {
        name
        for folder in ("portal", "templates")
        for pattern in TEXT_FILES
        for path in (CHECKOUT / folder).rglob(pattern)
        for name in standard.findall(path.read_text("utf-8"))
    }
    assert named - {*standard.findall(text("docs/policy.md"))} == set()


def publiccode() -> Any:
    return yaml.safe_load(text("publiccode.yml"))


def test_publiccode_names_the_languages_that_there_are() -> None:
    languages = publiccode()["localisation"]["availableLanguages"]
    assert {*languages} == {"sv", *discover(LOCALES)}


@pytest.mark.parametrize("language", ["en", "sv"])
def test_publiccode_describes_the_portal_as_the_standard_asks(language: str) -> None:
    """The lengths are those of yml.publiccode.tools, ``description``."""
    description = publiccode()["description"][language]
    assert len(description["shortDescription"]) <= 150
    assert 150 <= len(description["longDescription"]) <= 10_000
    assert all(len(feature) <= 100 for feature in description["features"])
    for picture in [*description["screenshots"], publiccode()["logo"]]:
        assert (CHECKOUT / picture).is_file(), picture


def test_types_and_licence_are_shipped() -> None:
    assert (CHECKOUT / "portal/py.typed").is_file()
    assert publiccode()["legal"]["license"] == "EUPL-1.2"
    assert 'license = "EUPL-1.2"' in text("pyproject.toml")
    assert "EUPL" in text("LICENSE")
