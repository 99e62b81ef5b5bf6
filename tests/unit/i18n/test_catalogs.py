"""A catalog is used, without its faulty texts; a broken one is refused."""

from pathlib import Path

import polib
import pytest

from portal.i18n.catalogs import Catalog, CatalogError, read, read_all
from portal.i18n.checks import placeholders
from portal.i18n.languages import CATALOG, discover, language
from portal.settings import DATA
from tests.unit.conftest import PLURALS, write_catalog

BABELS_ARABIC = (
    "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3"
    " : n%100>=0 && n%100<=2 ? 4 : 5);"
)
SOUND = 'msgid "Hej"\nmsgstr "Hi"\n'
PUPILS = 'msgid "%(num)s elev"\nmsgid_plural "%(num)s elever"\n'

ARABIC_FORMS = [
    (0, "zero"),
    (1, "one"),
    (2, "two"),
    (3, "few"),
    (10, "few"),
    (11, "many"),
    (99, "many"),
    (100, "other"),
    (101, "other"),
    (102, "other"),
    (103, "few"),
    (111, "many"),
    (5000, "other"),
]
ORDER = ["zero", "one", "two", "few", "many", "other"]

SHIPPED = discover(DATA / "locales")
LEFT = "Du har %(num)s tecken kvar."


def english(folder: Path, entries: str, plurals: str = "") -> Catalog:
    return read(write_catalog(folder, "en", entries, plurals), language("en"))


def test_a_text_is_found_by_its_swedish(tmp_path: Path) -> None:
    catalog = english(tmp_path, SOUND)
    assert catalog.find("Hej") == "Hi"
    assert catalog.find("Hejdå") is None
    assert catalog.faults == ()


def test_a_file_with_the_same_content_is_not_parsed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    former = english(tmp_path, SOUND)
    path = tmp_path / "en" / CATALOG
    monkeypatch.setattr("portal.i18n.catalogs.PoFileParser", None)
    assert read(path, language("en"), former) is former
    path.write_text(path.read_text("utf-8") + "\n# saved again\n", "utf-8")
    with pytest.raises(TypeError):
        read(path, language("en"), former)


def test_equal_texts_are_distinguished_by_context(tmp_path: Path) -> None:
    catalog = english(tmp_path, f'{SOUND}\nmsgctxt "menu"\nmsgid "Hej"\nmsgstr "Welcome"\n')
    assert catalog.find("Hej", "menu") == "Welcome"
    assert catalog.find("Hej") == "Hi"
    assert catalog.find("Hej", "footer") is None


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ('msgid "Ring %(phone)s"\nmsgstr "Call us"\n', "the value phone is missing"),
        ('msgid "Ring %(phone)s"\nmsgstr "Call %(fone)s"\n', "no value is called fone"),
        ('msgid "Ring oss"\nmsgstr "Call %(phone)s"\n', "no value is called phone"),
        ('msgid "%(a)s %(b)s %(c)s"\nmsgstr "%(b)s"\n', "the value a, c is missing"),
        (f'{PUPILS}msgstr[0] "%(num)s pupil"\n', "not all of the 2 plural forms are filled in"),
        (
            f'{PUPILS}msgstr[0] "%(num)s pupil"\nmsgstr[1] ""\n',
            "not all of the 2 plural forms are filled in",
        ),
        (
            f'{PUPILS}msgstr[0] "One pupil"\nmsgstr[1] "%(count)s pupils"\n',
            "no value is called count",
        ),
    ],
)
def test_a_text_with_an_error_is_left_out_and_reported_with_its_line(
    tmp_path: Path, entry: str, fault: str
) -> None:
    catalog = english(tmp_path, f"{entry}\n{SOUND}")
    assert catalog.faults == (f"{tmp_path / 'en' / CATALOG}:10: {fault}",)
    assert list(catalog.entries) == [(None, "Hej")]


def test_every_text_with_an_error_is_reported(tmp_path: Path) -> None:
    damaged = 'msgid "Ring %(phone)s"\nmsgstr "Call us"\n\nmsgid "Hus"\nmsgstr "%(house)s"\n'
    lines = [fault.split(":")[1] for fault in english(tmp_path, f"{SOUND}\n{damaged}").faults]
    assert lines == ["13", "16"]


@pytest.mark.parametrize(
    "entry",
    [
        'msgid "%(a)s före %(b)s"\nmsgstr "%(b)s after %(a)s, and %(a)s again"\n',
        'msgid "100 %%"\nmsgstr "100 %% and 5 % more"\n',
        f'{PUPILS}msgstr[0] "One pupil"\nmsgstr[1] "%(num)s pupils"\n',
        'msgid "Rad"\nmsgstr ""\n"First line\\n"\n"second \\"line\\""\n',
    ],
    ids=["another order", "per cent", "a number in words", "many lines"],
)
def test_a_translation_may_differ_in_what_harms_no_page(tmp_path: Path, entry: str) -> None:
    catalog = english(tmp_path, entry)
    assert catalog.faults == ()
    assert len(catalog.entries) == 1


def test_a_text_over_several_lines_is_read_as_one(tmp_path: Path) -> None:
    entry = 'msgid ""\n"Hej "\n"du"\nmsgstr ""\n"Hi\\n"\n"\\"you\\""\n'
    assert english(tmp_path, entry).find("Hej du") == 'Hi\n"you"'


@pytest.mark.parametrize(
    "plurals",
    [
        "nplurals=2; plural=n !!= 1;",
        "nplurals=2; plural=(n != 1;",
        "nplurals=2; plural=__import__('os');",
        "nplurals=two; plural=(n != 1);",
        "nplurals=2; plural=(n > 1);",
        "nplurals=2; plural=n;",
        "nplurals=2; plural=n%0;",
        "nplurals=1000000000000000000000; plural=(n != 1);",
        "nplurals=1; plural=0;",
    ],
)
def test_a_catalog_with_a_wrong_plural_rule_is_refused(tmp_path: Path, plurals: str) -> None:
    with pytest.raises(CatalogError, match=str(tmp_path)):
        english(tmp_path, SOUND, plurals)


def test_a_header_with_fewer_forms_than_the_texts_have_is_named(tmp_path: Path) -> None:
    texts = 'msgid "%(num)s elev"\nmsgid_plural "%(num)s elever"\n' + "".join(
        f'msgstr[{form}] "%(num)s"\n' for form in range(6)
    )
    path = write_catalog(tmp_path, "ar", texts, "nplurals=3; plural=(n != 1);")
    with pytest.raises(CatalogError, match=r":1: Plural-Forms does not fit .* nplurals=3"):
        read(path, language("ar"))


def test_babels_own_rule_for_arabic_is_refused(tmp_path: Path) -> None:
    arabic = language("ar")
    path = write_catalog(tmp_path, "ar", SOUND, BABELS_ARABIC)
    with pytest.raises(CatalogError, match="does not fit the language ar: 11, 12, 13"):
        read(path, arabic)
    assert read(write_catalog(tmp_path, "ar", SOUND), arabic).find("Hej") == "Hi"


def test_a_catalog_without_a_plural_rule_gets_that_of_babel(tmp_path: Path) -> None:
    for tag in ("en", "ar"):
        path = write_catalog(tmp_path, tag, SOUND)
        lines = [line for line in path.read_text("utf-8").splitlines() if "Plural" not in line]
        path.write_text("\n".join(lines), "utf-8")
    assert read(tmp_path / "en" / CATALOG, language("en")).find("Hej") == "Hi"
    with pytest.raises(CatalogError, match="does not fit the language ar"):
        read(tmp_path / "ar" / CATALOG, language("ar"))


@pytest.mark.parametrize(
    ("tag", "plurals"),
    [
        ("so", "nplurals=2; plural=(n != 1);"),
        ("fa", "nplurals=2; plural=(n > 1);"),
        ("zh-Hant", "nplurals=1; plural=0;"),
        (
            "pl",
            "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);",
        ),
    ],
)
def test_the_usual_plural_rules_of_other_languages_are_accepted(
    tmp_path: Path, tag: str, plurals: str
) -> None:
    assert read(write_catalog(tmp_path, tag, SOUND, plurals), language(tag)).find("Hej") == "Hi"


def test_only_the_first_misplaced_numbers_are_reported() -> None:
    assert language("en").misplaced(lambda n: 0) == [1]
    assert language("pl").misplaced(lambda n: int(n != 1)) == [2, 3, 4]
    assert language("en").misplaced(lambda n: int(n != 1)) == []


@pytest.mark.parametrize(
    "content",
    [
        b'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
        b'msgid "Hej"\nmsgstr "All\xe5"\n',
        b"<html>not a catalog</html>\n",
        b'msgid "Hej"\nmsgstr "Hi"\nmsgstring "Ho"\n',
        b"\x89PNG\r\n\x1a\n",
    ],
    ids=["Latin-1", "HTML", "unknown keyword", "a picture"],
)
def test_a_broken_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = write_catalog(tmp_path, "en")
    path.write_bytes(content)
    with pytest.raises(CatalogError, match=str(path)):
        read(path, language("en"))


def test_a_catalog_with_too_many_plural_forms_is_refused(tmp_path: Path) -> None:
    forms = 'msgstr[0] "One pupil"\nmsgstr[1] "%(num)s pupils"\nmsgstr[2] "%(num)s pupils"\n'
    with pytest.raises(CatalogError, match="more translations than num_plurals"):
        english(tmp_path, PUPILS + forms)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="No such file"):
        read(tmp_path / "portal.po", language("en"))


def test_a_broken_catalog_stops_the_reading_of_all(tmp_path: Path) -> None:
    write_catalog(tmp_path, "en")
    write_catalog(tmp_path, "ar", plurals=BABELS_ARABIC)
    with pytest.raises(CatalogError):
        read_all(tmp_path, discover(tmp_path))


def test_the_source_has_an_empty_catalog(tmp_path: Path) -> None:
    write_catalog(tmp_path, "en", SOUND)
    catalogs = read_all(tmp_path, discover(tmp_path))
    assert list(catalogs) == ["sv", "en"]
    assert catalogs["sv"].find("Hej") is None
    assert catalogs["en"].find("Hej") == "Hi"


def test_placeholders_are_named_values_and_not_doubled_per_cent_signs() -> None:
    assert placeholders("%(a)s %(b)d %%(c)s %d %(e) 5 %") == {"a", "b"}


@pytest.mark.parametrize(("number", "category"), ARABIC_FORMS)
def test_the_shipped_arabic_has_the_right_form_for_a_number(number: int, category: str) -> None:
    catalog = read_all(DATA / "locales", SHIPPED)["ar"]
    written = polib.pofile(str(DATA / "locales" / "ar" / CATALOG)).find(LEFT)
    assert written
    form = ORDER.index(category)
    assert catalog.plural_form(number) == form
    assert catalog.find(LEFT, number=number) == written.msgstr_plural[form]


@pytest.mark.parametrize(("number", "form"), [(0, 1), (1, 0), (2, 1), (5000, 1)])
def test_the_shipped_english_has_the_right_form_for_a_number(number: int, form: int) -> None:
    catalog = read_all(DATA / "locales", SHIPPED)["en"]
    assert catalog.find(LEFT, number=number) == catalog.entries[None, LEFT][form]
    assert len(set(catalog.entries[None, LEFT])) == 2


@pytest.mark.parametrize("tag", sorted(PLURALS))
def test_no_text_of_a_shipped_catalog_is_left_out(tag: str) -> None:
    catalog = read_all(DATA / "locales", SHIPPED)[tag]
    assert catalog.faults == ()
    assert len(catalog.entries) > 200


RENUMBERED = 'msgid "%(num)s elev"\nmsgid_plural "%(num)s elever"\n'


@pytest.mark.parametrize(
    ("tag", "plurals", "entry", "shown"),
    [
        (
            "en",
            "nplurals=2; plural=(n == 1);",
            RENUMBERED + 'msgstr[0] "%(num)s pupils"\nmsgstr[1] "One pupil"\n',
            {1: "One pupil", 2: "%(num)s pupils"},
        ),
        (
            "pl",
            "nplurals=4; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 :"
            " n!=1 && n%10<=1 || n%10>=5 && n%10<=9 || n%100>=12 && n%100<=14 ? 2 : 3);",
            RENUMBERED + 'msgstr[0] "Jeden"\nmsgstr[1] "%(num)s dwa"\nmsgstr[2] "%(num)s wiele"\n'
            'msgstr[3] ""\n',
            {1: "Jeden", 3: "%(num)s dwa", 5: "%(num)s wiele"},
        ),
        (
            "rmy",
            "nplurals=2; plural=(n != 1);",
            RENUMBERED + 'msgstr[0] "Jekh"\nmsgstr[1] "%(num)s but"\n',
            {1: "Jekh", 5: "%(num)s but"},
        ),
    ],
)
def test_plural_forms_may_have_another_order_and_some_may_be_unused(
    tmp_path: Path, tag: str, plurals: str, entry: str, shown: dict[int, str]
) -> None:
    """As in files of Crowdin, of Transifex and of older tools."""
    catalog = read(write_catalog(tmp_path, tag, entry, plurals), language(tag))
    assert catalog.faults == ()
    for number, text in shown.items():
        assert catalog.find("%(num)s elev", number=number) == text


@pytest.mark.parametrize(
    ("former", "new"),
    [
        ('msgid "Hej"', '#~| msgid "Hejsan"\n#~ msgid "Hejdå"\n#~ msgstr "Bye"\n\nmsgid "Hej"'),
        ('"Language: en\\n"', '"Language: English (Great Britain)\\n"'),
        ('"Language: en\\n"', '"PO-Revision-Date: \\n"\n"POT-Creation-Date: YEAR-MO-DA\\n"'),
        ('"Language: en\\n"', '"PO-Revision-Date: 2011-03-04T05:06:07 EDT\\n"'),
        ('msgid "Hej"', 'msgid\t"Hej"'),
        ('msgid ""\n', '\ufeffmsgid ""\n'),
    ],
)
def test_parts_that_the_portal_does_not_use_are_ignored(
    tmp_path: Path, former: str, new: str
) -> None:
    path = write_catalog(tmp_path, "en", SOUND)
    text = path.read_text("utf-8")
    assert former in text
    path.write_text(text.replace(former, new, 1), "utf-8")
    assert read(path, language("en")).find("Hej") == "Hi"


@pytest.mark.parametrize(
    ("former", "new", "fault"),
    [
        ("charset=UTF-8", "charset=ISO-8859-1", "charset ISO-8859-1"),
        ("charset=UTF-8", "charset=CHARSET", "charset CHARSET"),
        ('msgid "Hej"\n', 'msgid "Hej"\nmsgstr ""\n\nmsgid "Hej"\n', "has two entries"),
    ],
)
def test_a_catalog_that_would_silently_lose_text_is_refused(
    tmp_path: Path, former: str, new: str, fault: str
) -> None:
    path = write_catalog(tmp_path, "en", SOUND)
    text = path.read_text("utf-8")
    assert former in text
    path.write_text(text.replace(former, new, 1), "utf-8")
    with pytest.raises(CatalogError, match=fault):
        read(path, language("en"))


def test_a_second_entry_is_reported_with_its_line(tmp_path: Path) -> None:
    path = write_catalog(tmp_path, "en", SOUND)
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([*lines, "", 'msgid "Hej"', 'msgstr "Hi"', ""]), "utf-8")
    with pytest.raises(CatalogError) as error:
        read(path, language("en"))
    assert error.value.fault.line == len(lines) + 2


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = write_catalog(tmp_path, "en", SOUND)
    path.write_text("", "utf-8")
    with pytest.raises(CatalogError, match="no header"):
        read(path, language("en"))
