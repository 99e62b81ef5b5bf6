"""The tools of translators accept our catalogs, and the portal accepts theirs."""

import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest

from portal.commands import main
from portal.i18n import catalogs
from portal.i18n.languages import CATALOG, discover, language
from portal.settings import CHECKOUT, DATA
from portal.translators import merging

LOCALES = DATA / "locales"
TAGS = catalogs.translated(discover(LOCALES))
POEDIT = """\
"Last-Translator: Anna Öberg <anna@example.org>\\n"
"Language-Team: English <https://example.org/translate/en/>\\n"
"X-Generator: Poedit 3.4\\n"
"X-Poedit-SourceCharset: UTF-8\\n"
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what extraction reads from the checkout, which a test may change."""
    for name in ("portal", "templates", "locales"):
        shutil.copytree(CHECKOUT / name, tmp_path / name, ignore=shutil.ignore_patterns("*.pyc"))
    shutil.copy(CHECKOUT / "babel.cfg", tmp_path)
    return tmp_path


@pytest.mark.slow
def test_the_shipped_catalogs_need_no_update(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert merging.outdated(CHECKOUT, discover(LOCALES)) == []
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/own.db")
    assert main(["catalogs", "update", "--check"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.slow
def test_catalogs_outdated_are_named_and_not_changed(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = checkout / "templates" / "public" / "start.html"
    page.write_text(page.read_text("utf-8") + '{{ _("En ny text") }}', "utf-8")
    before = (checkout / "locales" / "portal.pot").read_bytes()
    monkeypatch.setattr("portal.commands.catalogs.CHECKOUT", checkout)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{checkout}/own.db")
    assert main(["catalogs", "update", "--check"]) == 1
    errors = capsys.readouterr().err
    assert "portal.pot" in errors
    assert str(checkout / "locales" / "ar" / CATALOG) in errors
    assert (checkout / "locales" / "portal.pot").read_bytes() == before
    assert main(["catalogs", "update"]) == 0
    assert main(["catalogs", "update", "--check"]) == 0


@pytest.mark.parametrize(("tag", "is_known"), [("ur", True), ("pnb", True), ("khw", False)])
def test_a_translator_is_told_of_a_language_that_cldr_lacks(
    checkout: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tag: str,
    is_known: bool,
) -> None:
    monkeypatch.setattr("portal.commands.catalogs.LOCALES", checkout / "locales")
    assert main(["catalogs", "add", tag]) == 0
    assert ("CLDR lacks this language" in capsys.readouterr().out) != is_known


@pytest.mark.slow
def test_headers_of_other_tools_survive_an_update(checkout: Path) -> None:
    path = checkout / "locales" / "en" / CATALOG
    header = '"Content-Transfer-Encoding: 8bit\\n"\n'
    path.write_text(path.read_text("utf-8").replace(header, header + POEDIT, 1), "utf-8")
    list(merging.update(checkout, discover(checkout / "locales")))
    metadata = polib.pofile(str(path)).metadata
    assert metadata["X-Generator"] == "Poedit 3.4"
    assert metadata["Last-Translator"] == "Anna Öberg <anna@example.org>"
    assert metadata["X-Poedit-SourceCharset"] == "UTF-8"
    assert merging.outdated(checkout, discover(checkout / "locales")) == []


@pytest.mark.parametrize("tag", TAGS)
def test_a_round_trip_through_polib_changes_no_byte(tag: str, tmp_path: Path) -> None:
    path = LOCALES / tag / CATALOG
    polib.pofile(str(path), wrapwidth=0).save(str(tmp_path / "saved.po"))
    assert (tmp_path / "saved.po").read_bytes() == path.read_bytes()


def test_a_limit_in_a_comment_becomes_a_flag(checkout: Path) -> None:
    page = checkout / "templates" / "public" / "start.html"
    text = '{# Translators: On a button. max-length: 12 #}\n{{ _("En knapp") }}'
    page.write_text(page.read_text("utf-8") + text, "utf-8")
    entry = merging.extract(checkout).find("En knapp")
    assert entry
    assert entry.flags == ["max-length:12"]


@pytest.mark.slow
def test_pybabel_extracts_the_same_texts(tmp_path: Path) -> None:
    template = tmp_path / "portal.pot"
    pybabel = [sys.executable, "-m", "babel.messages.frontend"]
    options = ["-F", "babel.cfg", "-c", "Translators:", "-o", str(template), "."]
    subprocess.run([*pybabel, "-q", "extract", *options], cwd=CHECKOUT, check=True)
    ours = {(entry.msgctxt, entry.msgid) for entry in merging.extract(CHECKOUT)}
    assert {(entry.msgctxt, entry.msgid) for entry in polib.pofile(str(template))} == ours
    locales = shutil.copytree(LOCALES, tmp_path / "locales")
    update = ["-i", str(template), "-d", str(locales), "-D", "portal", "--previous"]
    subprocess.run([*pybabel, "-q", "update", *update], check=True, capture_output=True)
    for tag in TAGS:
        updated = catalogs.read(locales / tag / CATALOG, language(tag))
        assert updated.entries == catalogs.read(LOCALES / tag / CATALOG, language(tag)).entries
        assert updated.faults == ()


@pytest.mark.slow
@pytest.mark.parametrize("tag", [*TAGS, "so", "fa", "ckb", "pl"])
def test_gettext_accepts_every_catalog(tag: str, tmp_path: Path) -> None:
    locales = shutil.copytree(LOCALES, tmp_path / "locales")
    path = locales / tag / CATALOG if tag in TAGS else merging.add(locales, tag)
    check = ["msgfmt", "--check", "-o", str(tmp_path / "portal.mo"), str(path)]
    subprocess.run(check, check=True, capture_output=True)
    merge = ["msgmerge", "-q", "--previous", "--no-wrap", str(path), str(locales / "portal.pot")]
    merged = subprocess.run(merge, check=True, capture_output=True).stdout
    former = catalogs.read(path, language(tag)).entries
    path.write_bytes(merged)
    assert catalogs.read(path, language(tag)).entries == former
