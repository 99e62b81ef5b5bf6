"""Every fault that a translation can have is found and explained, and nothing else is reported."""

import json
from pathlib import Path

import pytest
from babel import localedata

from portal.commands import main
from portal.i18n import catalogs
from portal.i18n.checks import BROKEN, CHECKS, RULE, UNREADABLE, Fault
from portal.i18n.languages import CATALOG, discover, language
from portal.i18n.plurals import parse_rule, used_forms
from portal.i18n.templates import open_renderers
from portal.settings import DATA, Settings
from portal.translators import reports, review
from portal.translators.examples import EXAMPLES, NUMBERS, where_shown
from tests.unit.conftest import write_catalog

LOCALES = DATA / "locales"
CALL = 'msgid "Ring %(phone)s."\n'
PUPILS = 'msgid "%(num)s elev"\nmsgid_plural "%(num)s elever"\n'
SKOLA = 'msgid "Skola"\n'

PLANTED = [
    ("en", "lost-value", CALL + 'msgstr "Call us."\n'),
    ("en", "lost-value strange-value", CALL + 'msgstr "Call %(fone)s."\n'),
    ("en", "strange-value", SKOLA + 'msgstr "School %(phone)s"\n'),
    ("en", "lost-value half-value", CALL + 'msgstr "Call %(phone) s."\n'),
    ("en", "lost-value half-value", CALL + 'msgstr "Call % (phone)s."\n'),
    ("en", "half-value", SKOLA + 'msgstr "School %s"\n'),
    ("en", "plural-forms", PUPILS + 'msgstr[0] "%(num)s pupil"\nmsgstr[1] ""\n'),
    ("en", "plural-forms", PUPILS + 'msgstr[0] "%(num)s pupil"\n'),
    ("en", "markup", SKOLA + 'msgstr "<b>School</b>"\n'),
    ("en", "markup", SKOLA + 'msgstr "School&nbsp;yard"\n'),
    ("en", "link", SKOLA + 'msgstr "School: https://example.org/x"\n'),
    ("en", "link", SKOLA + 'msgstr "School www.example.org"\n'),
    ("en", "link", SKOLA + 'msgstr "School a.b@example.org"\n'),
    ("en", "phone", SKOLA + 'msgstr "School 031-365 00 00"\n'),
    ("ar", "phone", SKOLA + 'msgstr "المدرسة ٠٣١٣٦٥٠٩٦٠"\n'),
    ("en", "digits", SKOLA + 'msgstr "School 2"\n'),
    ("ar", "digits", SKOLA + 'msgstr "المدرسة ٢"\n'),
    ("ar", "direction", SKOLA + 'msgstr "\u202bالمدرسة"\n'),
    ("ar", "direction", SKOLA + 'msgstr "المدرسة\u2069"\n'),
    ("ar", "invisible", SKOLA + 'msgstr "\u200fالمدرسة"\n'),
    ("en", "invisible", SKOLA + 'msgstr "Sch\u200bool"\n'),
    ("en", "invisible", SKOLA + 'msgstr "Sch\u200cool"\n'),
    ("en", "spaces", SKOLA + 'msgstr " School"\n'),
    ("en", "spaces", SKOLA + 'msgstr "School\\n"\n'),
    ("en", "spaces", SKOLA + 'msgstr "The  school"\n'),
    ("en", "end", SKOLA + 'msgstr "School."\n'),
    ("en", "empty spaces end", 'msgid "Kan du?"\nmsgstr " "\n'),
    ("ar", "end", 'msgid "Kan du?"\nmsgstr "هل يمكنك."\n'),
    ("en", "doubled", SKOLA + 'msgstr "The the school"\n'),
    ("en", "doubled", SKOLA + 'msgstr "Don’t don’t"\n'),
    ("hy", "doubled", SKOLA + 'msgstr "դպրոց դպրոց"\n'),
    ("en", "empty invisible", SKOLA + 'msgstr "\u00ad"\n'),
    ("en", "lost-value", PUPILS + 'msgstr[0] "One pupil"\nmsgstr[1] "pupils"\n'),
    (
        "ru",
        "lost-value",
        PUPILS
        + 'msgstr[0] "Один ученик"\nmsgstr[1] "%(num)s ученика"\nmsgstr[2] "%(num)s учеников"\n',
    ),
    ("ar", "doubled", SKOLA + 'msgstr "في في المدرسة"\n'),
    ("en", "same", SKOLA + 'msgstr "Skola"\n'),
    ("en", "length", "#, max-length:5\n" + SKOLA + 'msgstr "School"\n'),
    ("en", "length", "#. On a button. max-length: 5\n" + SKOLA + 'msgstr "School"\n'),
    ("en", "glossary", 'msgid "Eleverna läser."\nmsgstr "The students read."\n'),
    ("ar", "glossary", 'msgid "Rektorn leder."\nmsgstr "الرئيس يقود."\n'),
    ("ar", "sign", 'msgid "Hej, du"\nmsgstr "مرحبا, بكم"\n'),
    ("ar", "end sign", 'msgid "Kan du."\nmsgstr "هل يمكنك?"\n'),
    ("ar", "kashida", SKOLA + 'msgstr "المـــدرسة"\n'),
    ("ar", "start", SKOLA + 'msgstr "OpenStreetMap خريطة"\n'),
]

SOUND = [
    ("en", CALL + 'msgstr "Call %(phone)s."\n'),
    ("en", PUPILS + 'msgstr[0] "One pupil"\nmsgstr[1] "%(num)s pupils"\n'),
    ("en", 'msgid "100 %% säkert"\nmsgstr "100 % certain"\n'),
    ("en", "#, ignore-same\n" + SKOLA + 'msgstr "Skola"\n'),
    ("en", "#, fuzzy\n" + CALL + 'msgstr "Call"\n'),
    ("en", CALL + 'msgstr ""\n'),
    ("ar", 'msgid "Kan du läsa, Anna?"\nmsgstr "هل يمكنك القراءة، آنا؟"\n'),
    ("ar", CALL + 'msgstr "\u2067اتصلوا\u2069 بالرقم %(phone)s."\n'),
    ("fa", SKOLA + 'msgstr "می\u200cخواهیم"\n'),
    ("prs", SKOLA + 'msgstr "آهسته آهسته"\n'),
    ("fa", 'msgid "Kan du?"\nmsgstr "می\u200cتوانید؟"\n'),
    ("am", 'msgid "Läs."\nmsgstr "ያንብቡ።"\n'),
    ("el", 'msgid "Kan du?"\nmsgstr "Μπορείτε;"\n'),
    ("el", 'msgid "Kan du?"\nmsgstr "Μπορείτε\u037e"\n'),
    ("hy", 'msgid "Kan du?"\nmsgstr "Կարո՞ղ"\n'),
    ("bo", 'msgid "Läs."\nmsgstr "ཀློགས།"\n'),
    ("hi", 'msgid "Läs."\nmsgstr "पढ़ें|"\n'),
    ("th", 'msgid "Läs."\nmsgstr "อ่าน"\n'),
    ("km", SKOLA + 'msgstr "សាលា\u200bរៀន"\n'),
    ("fa", SKOLA + 'msgstr "فایل PDF\u200cها"\n'),
    ("ml", SKOLA + 'msgstr "അവന്\u200d"\n'),
    ("hi", SKOLA + 'msgstr "ठीक काम"\n'),
    ("ta", SKOLA + 'msgstr "இந்த திசை"\n'),
    ("ar", SKOLA + 'msgstr "مُعلِّم مِن"\n'),
    ("fr", SKOLA + 'msgstr "vous vous"\n'),
    ("de", SKOLA + 'msgstr "Können Sie sie"\n'),
    ("pt", SKOLA + 'msgstr "A a F"\n'),
    ("tr", SKOLA + 'msgstr "yavaş yavaş"\n'),
    ("it", 'msgid "%(a)s från %(b)s"\nmsgstr "da %(a)s da %(b)s"\n'),
    ("ar", 'msgid "till %(city)s"\nmsgstr "لـ %(city)s"\n'),
    ("th", "#, max-length:4\n" + SKOLA + 'msgstr "ที่นี่"\n'),
]


def check_entry(folder: Path, tag: str, entry: str) -> list[Fault]:
    """The faults of a catalog with a single entry, checked with the shipped glossary."""
    write_catalog(folder, tag, entry, language(tag).plural_header)
    if (LOCALES / "glossary" / f"{tag}.csv").exists():
        (folder / "glossary").mkdir()
        words = (LOCALES / "glossary" / f"{tag}.csv").read_text("utf-8")
        (folder / "glossary" / f"{tag}.csv").write_text(words, "utf-8")
    return list(review.check(folder, language(tag)))


@pytest.mark.parametrize(("tag", "names", "entry"), PLANTED)
def test_a_planted_fault_is_found(tmp_path: Path, tag: str, names: str, entry: str) -> None:
    faults = check_entry(tmp_path, tag, entry)
    assert {fault.check.name for fault in faults} == set(names.split())
    assert {fault.line for fault in faults} == {10 + entry.startswith("#")}
    for fault in faults:
        for interface_language in ("en", "sv"):
            explanation = fault.explain(interface_language)
            assert "{" not in explanation.fault + explanation.remedy


def test_every_check_has_a_planted_fault() -> None:
    planted = {name for _, names, _ in PLANTED for name in names.split()}
    assert planted == {check.name for check in CHECKS}


@pytest.mark.parametrize(("tag", "entry"), SOUND)
def test_a_sound_translation_has_no_fault(tmp_path: Path, tag: str, entry: str) -> None:
    assert [fault.check.name for fault in check_entry(tmp_path, tag, entry)] == []


@pytest.mark.parametrize("tag", catalogs.translated(discover(LOCALES)))
def test_the_shipped_catalogs_have_no_fault(tag: str) -> None:
    assert list(review.check(LOCALES, language(tag))) == []


@pytest.mark.parametrize(
    ("check", "content"),
    [
        (BROKEN, b'msgid "Hej"\nmsgstr "say "hi" now"\n'),
        (BROKEN, b'msgid "Hej"\nmsgstr "open\n'),
        (BROKEN, b'<<<<<<< HEAD\nmsgid "Hej"\nmsgstr "Hi"\n'),
        (UNREADABLE, b'msgid "Hej"\nmsgstr "All\xe5"\n'),
        (RULE, b'msgid ""\nmsgstr ""\n"Plural-Forms: nplurals=1; plural=(n != 1);\\n"\n'),
        (RULE, b'msgid ""\nmsgstr ""\n"Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n'),
    ],
)
def test_a_broken_file_is_reported_as_one_fault(
    tmp_path: Path, check: object, content: bytes
) -> None:
    write_catalog(tmp_path, "en").write_bytes(content)
    (fault,) = review.check(tmp_path, language("en"))
    assert fault.check is check
    assert fault.explain("sv").remedy


def test_a_text_with_an_error_is_not_published_and_one_with_a_warning_is(tmp_path: Path) -> None:
    for tag, names, entry in PLANTED:
        path = write_catalog(tmp_path, tag, entry, language(tag).plural_header)
        stops = any(check.is_error for check in CHECKS if check.name in names.split())
        assert bool(catalogs.read(path, language(tag)).faults) == stops, entry
        assert bool(catalogs.read(path, language(tag)).entries) != stops, entry


def test_every_text_is_shown_by_some_example(tmp_path: Path) -> None:
    settings = Settings.read({"DATABASE_URL": f"sqlite:///{tmp_path}/x.db"})
    languages = discover(LOCALES)
    texts = catalogs.read_all(LOCALES, languages)
    places = where_shown(open_renderers(settings, languages, texts, asset=str))
    path, english = LOCALES / "en" / CATALOG, language("en")
    hidden = {entry.key for entry in catalogs.open_file(path, english).entries} - set(places)
    assert hidden == set(), "add an example to portal/translators/examples.py that shows them"
    assert len({example.name for example in EXAMPLES}) == len(EXAMPLES)


@pytest.mark.slow
def test_the_numbers_of_the_examples_use_every_plural_form() -> None:
    for name in localedata.locale_identifiers():
        rule = parse_rule(language(name.replace("_", "-")).plural_header)
        assert set(map(rule, (0, *NUMBERS))) == set(used_forms(rule)), name


@pytest.mark.slow
def test_a_translator_gets_a_report_in_english_or_swedish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_catalog(tmp_path / "locales", "en", CALL + 'msgstr "Call us."\n')
    monkeypatch.setattr("portal.commands.catalogs.LOCALES", tmp_path / "locales")
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/x.db")
    assert main(["catalogs", "check", "en"]) == 1
    report = capsys.readouterr().out
    assert "locales/en/LC_MESSAGES/portal.po:10: error (lost-value)" in report
    assert "The value phone is missing. Put %(phone)s where the value belongs." in report
    assert "Seen on: every page" in report
    assert main(["catalogs", "check", "--in", "sv"]) == 1
    assert "Värdet phone saknas. Sätt in %(phone)s" in capsys.readouterr().out
    assert main(["catalogs", "check", "--json"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)
    assert (finding["language"], finding["line"], finding["level"]) == ("en", 10, "error")
    assert "/en/kontakt" in finding["seen_on"]
    assert main(["catalogs", "check", "so"]) == 1
    assert "portal catalogs add so" in capsys.readouterr().err


@pytest.mark.slow
def test_warnings_do_not_change_the_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_catalog(tmp_path, "en", SKOLA + 'msgstr "Skola"\n')
    monkeypatch.setattr("portal.commands.catalogs.LOCALES", tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/x.db")
    assert main(["catalogs", "check"]) == 0
    assert "Errors: 0. Warnings: 1." in capsys.readouterr().out


@pytest.mark.slow
def test_a_status_counts_translations_and_shows_changed_texts(tmp_path: Path) -> None:
    entry = '#, fuzzy\n#| msgid "Ring %(phone)s i dag."\n' + CALL + 'msgstr "Call %(phone)s."\n'
    start = 'msgctxt "menu"\nmsgid "Start"\nmsgstr "Home"\n'
    write_catalog(tmp_path, "en", f"{entry}\n{start}")
    settings = Settings.read({"DATABASE_URL": f"sqlite:///{tmp_path}/x.db"})
    status = reports.status(tmp_path, language("en"), settings)
    start_page = status.pages[""]
    assert (start_page.translated, start_page.fuzzy) == (1, 1)
    assert start_page.missing == start_page.total - 2 > 20
    (change,) = status.changed
    assert change.difference == "Ring %(phone)s[- i dag-]."
    assert "Ring %(phone)s[- i dag-]." in str(status)
