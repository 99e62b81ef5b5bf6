"""Templates take every text from the catalogs, and name elements by visible text."""

import re
from html import unescape
from pathlib import Path

import pytest

from portal.settings import DATA

FOLDER = DATA / "templates"
LETTERS = sorted(FOLDER.glob("mail/*.html"))
FILES = sorted([*FOLDER.glob("*.html"), *FOLDER.glob("[cp][ou]*/*.html"), *LETTERS])
"""The templates of what the public reads; the preview for translators is in English."""

ALLOWED = {"– ", "Voit käyttää suomea, kun soitat tai kirjoitat meille. Puhelinnumero on ."}
"""The only text typed into templates: Finnish, which is the same in every language."""


def bare(path: Path) -> str:
    """A template without comments, expressions and statements."""
    text = re.sub(r"\{#.*?#\}", "", path.read_text("utf-8"), flags=re.DOTALL)
    text = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", text, flags=re.DOTALL)
    return re.sub(r'aria-[a-z]+="[^"]*"', "", unescape(text))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_text_is_typed_into_a_template(path: Path) -> None:
    texts = {text.strip() for text in re.sub(r"<[^>]*>", "\n", bare(path)).splitlines()}
    assert {text for text in texts if re.search(r"\w", text)} <= ALLOWED


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_elements_are_named_by_visible_text(path: Path) -> None:
    text = path.read_text("utf-8")
    for forbidden in ("aria-label=", " title=", "placeholder=", "|safe", "| safe"):
        assert forbidden not in text
    assert path in LETTERS or " style=" not in text  # webmail drops style sheets
    assert not re.search(r"\son\w+=", text)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_texts_in_attributes_have_no_markup(path: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", path.read_text("utf-8"), flags=re.DOTALL)
    in_attributes = re.findall(r'=\s*"([^"<>]*\{\{[^"<>]*\}\}[^"<>]*)"', text)
    for value in in_attributes:
        if "_(" in value or "description" in value:
            assert ".plain" in value, value


@pytest.mark.parametrize("path", sorted((FOLDER / "components").iterdir()), ids=lambda p: p.name)
def test_every_component_is_used(path: Path) -> None:
    users = [file for file in FILES if f"components/{path.name}" in file.read_text("utf-8")]
    assert users


@pytest.mark.parametrize("path", sorted((FOLDER / "public").iterdir()), ids=lambda p: p.name)
def test_every_page_has_a_title_and_a_description(path: Path) -> None:
    text = path.read_text("utf-8")
    assert "{% set title = " in text
    assert "{% set description = " in text
