"""An update brings catalogs in step with the texts, and loses nothing that a translator wrote."""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import polib
import pytest

from portal.i18n.catalogs import Catalog, CatalogError, read, translated
from portal.i18n.languages import CATALOG, discover
from portal.settings import CHECKOUT
from portal.translators.merging import Change, extract, outdated, update
from tests.unit.conftest import write_catalog

CODE = """\
# Translators: Written where programmers work.
FIRST = N_("Ur koden")
SECOND = N_("Tal: %(number)s")
"""
TEMPLATE = """\
{# Translators: Said to visitors. #}
<p>{{ _("Välkommen till skolan") }}</p>
<p>{{ ngettext("%(num)s elev", "%(num)s elever", count) }}</p>
<p>{{ pgettext("menu", "Start") }} {{ pgettext("race", "Start") }} {{ _("Start") }}</p>
"""
ENTRIES = """\
#. Said to visitors.
# We say it so at our school.
msgid "Välkommen till skolan"
msgstr "Welcome to school"

#, python-format
msgid "%(num)s elev"
msgid_plural "%(num)s elever"
msgstr[0] "%(num)s pupil"
msgstr[1] "%(num)s pupils"

msgctxt "menu"
msgid "Start"
msgstr "Home"

#, fuzzy
#| msgid "Från koden"
msgid "Ur koden"
msgstr "From the code"

msgid "Ett ord som ingen säger längre"
msgstr "A word that nobody says any more"
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small checkout with one template, one module and two languages."""
    shutil.copy(CHECKOUT / "babel.cfg", tmp_path)
    for name, content in (
        ("portal/content/areas.py", CODE),
        ("templates/public/one.html", TEMPLATE),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(content, "utf-8")
    write_catalog(tmp_path / "locales", "en", ENTRIES)
    write_catalog(tmp_path / "locales", "ar")
    return tmp_path


def updated(root: Path) -> dict[str, Change]:
    return {change.tag: change for change in update(root, discover(root / "locales"))}


def catalog(root: Path, tag: str) -> polib.POFile:
    return polib.pofile(str(root / "locales" / tag / CATALOG), wrapwidth=0)


def shown(root: Path, tag: str) -> Catalog:
    """A catalog as the portal reads it."""
    return read(root / "locales" / tag / CATALOG, discover(root / "locales")[tag])


def entry(
    entries: Iterable[polib.POEntry], source: str, context: str | None = None
) -> polib.POEntry:
    (match,) = [entry for entry in entries if (entry.msgid, entry.msgctxt) == (source, context)]
    return match


def reword(root: Path, former: str, new: str) -> None:
    """Change the Swedish text in the template."""
    path = root / "templates" / "public" / "one.html"
    text = path.read_text("utf-8")
    assert former in text
    path.write_text(text.replace(former, new), "utf-8")


def files(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_every_text_is_extracted_in_the_order_of_the_files(checkout: Path) -> None:
    assert [(text.msgctxt, text.msgid) for text in extract(checkout)] == [
        (None, "Ur koden"),
        (None, "Tal: %(number)s"),
        (None, "Välkommen till skolan"),
        (None, "%(num)s elev"),
        ("menu", "Start"),
        ("race", "Start"),
        (None, "Start"),
    ]


def test_an_extracted_text_has_its_comment_plural_and_flags(checkout: Path) -> None:
    texts = extract(checkout)
    assert entry(texts, "Välkommen till skolan").comment == "Said to visitors."
    assert entry(texts, "Ur koden").comment == "Written where programmers work."
    pupils = entry(texts, "%(num)s elev")
    assert pupils.msgid_plural == "%(num)s elever"
    assert pupils.flags == entry(texts, "Tal: %(number)s").flags == ["python-format"]
    assert entry(texts, "Start", "menu").flags == []


def test_a_text_used_twice_is_extracted_once(checkout: Path) -> None:
    (checkout / "templates" / "a.html").write_text(
        '{{ _("Ur koden") }}{{ _("%(num)s elev", num=1) }}{{ _("Välkommen till skolan") }}', "utf-8"
    )
    texts = extract(checkout)
    assert len(texts) == 7
    assert entry(texts, "%(num)s elev").msgid_plural == "%(num)s elever"
    assert entry(texts, "Välkommen till skolan").comment == "Said to visitors."


def test_only_templates_and_code_are_searched(checkout: Path) -> None:
    (checkout / "static").mkdir()
    (checkout / "static" / "other.html").write_text('{{ _("Annat") }}', "utf-8")
    (checkout / "dev.py").write_text('_("Annat")', "utf-8")
    (checkout / "templates" / "notes.txt").write_text('{{ _("Annat") }}', "utf-8")
    assert "Annat" not in {text.msgid for text in extract(checkout)}


def test_the_template_of_all_catalogs_has_every_text_and_no_translation(checkout: Path) -> None:
    updated(checkout)
    template = polib.pofile(str(checkout / "locales" / "portal.pot"))
    assert [entry.msgid for entry in template] == [entry.msgid for entry in extract(checkout)]
    assert not template.translated_entries()
    assert template.metadata["Content-Type"] == "text/plain; charset=UTF-8"
    assert not [name for name in template.metadata if name.endswith("Date")]


def test_a_new_text_is_added_without_a_translation(checkout: Path) -> None:
    assert updated(checkout)["en"] == Change("en", added=3, fuzzy=0, removed=1)
    new = entry(catalog(checkout, "en"), "Tal: %(number)s")
    assert (new.msgstr, new.fuzzy) == ("", False)
    assert shown(checkout, "en").find("Tal: %(number)s") is None


def test_an_unchanged_text_keeps_its_translation_and_comments(checkout: Path) -> None:
    updated(checkout)
    unchanged = entry(catalog(checkout, "en"), "Välkommen till skolan")
    assert unchanged.msgstr == "Welcome to school"
    assert unchanged.comment == "Said to visitors."
    assert unchanged.tcomment == "We say it so at our school."
    assert not unchanged.fuzzy
    assert unchanged.previous_msgid is None


def test_a_text_that_changed_a_little_keeps_its_translation_as_fuzzy(checkout: Path) -> None:
    updated(checkout)
    reword(checkout, "Välkommen till skolan", "Välkommen till vår skola")
    assert updated(checkout)["en"] == Change("en", added=1, fuzzy=1, removed=1)
    changed = entry(catalog(checkout, "en"), "Välkommen till vår skola")
    assert changed.fuzzy
    assert changed.msgstr == "Welcome to school"
    assert changed.previous_msgid == "Välkommen till skolan"
    assert changed.tcomment == "We say it so at our school."
    assert shown(checkout, "en").find("Välkommen till vår skola") is None


def test_plural_forms_are_offered_when_their_text_changed_a_little(checkout: Path) -> None:
    reword(checkout, '"%(num)s elev", "%(num)s elever"', '"%(num)s elev.", "%(num)s elever."')
    updated(checkout)
    changed = entry(catalog(checkout, "en"), "%(num)s elev.")
    assert changed.fuzzy
    assert changed.msgid_plural == "%(num)s elever."
    assert changed.msgstr_plural == {0: "%(num)s pupil", 1: "%(num)s pupils"}


def test_a_text_that_gains_a_plural_keeps_its_translation_in_every_form(checkout: Path) -> None:
    updated(checkout)
    plural = 'ngettext("Välkommen till skolan", "Välkomna till skolan", count)'
    reword(checkout, '_("Välkommen till skolan")', plural)
    updated(checkout)
    changed = entry(catalog(checkout, "en"), "Välkommen till skolan")
    assert changed.msgstr_plural == {0: "Welcome to school", 1: "Welcome to school"}
    assert (changed.fuzzy, changed.previous_msgid) == (True, "Välkommen till skolan")
    assert changed.tcomment == "We say it so at our school."
    assert not entry(catalog(checkout, "ar"), "Välkommen till skolan").fuzzy
    reword(checkout, plural, '_("Välkommen till skolan")')
    updated(checkout)
    back = entry(catalog(checkout, "en"), "Välkommen till skolan")
    assert (back.msgstr, back.msgstr_plural) == ("Welcome to school", {})
    assert (back.fuzzy, back.previous_msgid) == (False, None)


def test_a_text_that_loses_its_plural_keeps_the_form_for_one(checkout: Path) -> None:
    forms = {0: "", 1: "تلميذ واحد", 2: "تلميذان", 3: "تلاميذ", 4: "تلميذًا", 5: "تلميذ"}
    updated(checkout)
    arabic = catalog(checkout, "ar")
    entry(arabic, "%(num)s elev").msgstr_plural = forms
    arabic.save()
    updated(checkout)
    reword(checkout, 'ngettext("%(num)s elev", "%(num)s elever", count)', '_("%(num)s elev")')
    updated(checkout)
    for tag, translation in (("ar", "تلميذ واحد"), ("en", "%(num)s pupil")):
        changed = entry(catalog(checkout, tag), "%(num)s elev")
        assert (changed.msgstr, changed.msgstr_plural) == (translation, {})
        assert (changed.msgid_plural, changed.fuzzy) == ("", True)
        assert changed.previous_msgid_plural == "%(num)s elever"
        assert shown(checkout, tag).find("%(num)s elev") is None


def test_a_text_whose_plural_changed_keeps_its_forms_as_fuzzy(checkout: Path) -> None:
    updated(checkout)
    reword(checkout, '"%(num)s elever"', '"%(num)s skolelever"')
    updated(checkout)
    changed = entry(catalog(checkout, "en"), "%(num)s elev")
    assert changed.msgstr_plural == {0: "%(num)s pupil", 1: "%(num)s pupils"}
    assert (changed.fuzzy, changed.previous_msgid_plural) == (True, "%(num)s elever")


def test_a_comment_on_a_text_that_is_gone_is_kept(checkout: Path) -> None:
    updated(checkout)
    english = catalog(checkout, "en")
    entry(english, "Start", "race").tcomment = "Ask the school what this means."
    english.save()
    reword(checkout, '{{ pgettext("race", "Start") }} ', "")
    updated(checkout)
    obsolete = catalog(checkout, "en").obsolete_entries()
    assert entry(obsolete, "Start", "race").tcomment == "Ask the school what this means."
    assert shown(checkout, "en").faults == ()
    reword(checkout, "<p>", '{{ pgettext("race", "Start") }}<p>')
    updated(checkout)
    back = entry(catalog(checkout, "en"), "Start", "race")
    assert back.tcomment == "Ask the school what this means."


def test_plural_forms_are_not_offered_for_a_text_that_has_none(checkout: Path) -> None:
    reword(checkout, 'ngettext("%(num)s elev", "%(num)s elever", count)', '_("%(num)s eleven")')
    assert updated(checkout)["en"].fuzzy == 0
    new = entry(catalog(checkout, "en"), "%(num)s eleven")
    assert (new.msgstr, new.msgstr_plural) == ("", {})


def test_a_text_that_changed_a_lot_is_new(checkout: Path) -> None:
    reword(checkout, "Välkommen till skolan", "God morgon")
    assert updated(checkout)["en"].fuzzy == 0
    assert entry(catalog(checkout, "en"), "God morgon").msgstr == ""


def test_the_translation_of_a_text_still_in_use_is_not_offered_for_another(checkout: Path) -> None:
    reword(checkout, "<p>", '{{ _("Välkommen till skolan!") }}<p>')
    updated(checkout)
    assert entry(catalog(checkout, "en"), "Välkommen till skolan!").msgstr == ""
    assert entry(catalog(checkout, "en"), "Välkommen till skolan").msgstr == "Welcome to school"


def test_an_empty_translation_is_not_offered(checkout: Path) -> None:
    updated(checkout)
    reword(checkout, "Välkommen till skolan", "Välkommen till vår skola")
    assert updated(checkout)["ar"] == Change("ar", added=1, fuzzy=0, removed=1)
    assert not entry(catalog(checkout, "ar"), "Välkommen till vår skola").fuzzy


def test_a_fuzzy_text_stays_fuzzy(checkout: Path) -> None:
    updated(checkout)
    updated(checkout)
    fuzzy = entry(catalog(checkout, "en"), "Ur koden")
    assert fuzzy.fuzzy
    assert fuzzy.previous_msgid == "Från koden"
    assert fuzzy.msgstr == "From the code"


def test_the_translation_of_a_removed_text_stays_as_obsolete(checkout: Path) -> None:
    updated(checkout)
    obsolete = {e.msgid: e.msgstr for e in catalog(checkout, "en").obsolete_entries()}
    assert obsolete["Ett ord som ingen säger längre"] == "A word that nobody says any more"
    assert shown(checkout, "en").find("Ett ord som ingen säger längre") is None


def test_a_text_that_returns_gets_its_translation_back(checkout: Path) -> None:
    """As after a revert, or when a branch is merged."""
    updated(checkout)
    template = checkout / "templates" / "public" / "one.html"
    before = template.read_text("utf-8")
    template.write_text(before.replace("Välkommen till skolan", "Ny"), "utf-8")
    updated(checkout)
    assert shown(checkout, "en").find("Välkommen till skolan") is None
    template.write_text(before, "utf-8")
    updated(checkout)
    assert shown(checkout, "en").find("Välkommen till skolan") == "Welcome to school"


def test_a_text_changed_twice_keeps_its_translation_and_its_first_source(checkout: Path) -> None:
    updated(checkout)
    reword(checkout, "Välkommen till skolan", "Välkommen till vår skola")
    updated(checkout)
    reword(checkout, "Välkommen till vår skola", "Välkommen hit till vår skola")
    updated(checkout)
    twice = entry(catalog(checkout, "en"), "Välkommen hit till vår skola")
    assert (twice.fuzzy, twice.msgstr) == (True, "Welcome to school")
    assert twice.previous_msgid == "Välkommen till skolan"
    reword(checkout, "Välkommen hit till vår skola", "Välkommen till skolan")
    updated(checkout)
    back = entry(catalog(checkout, "en"), "Välkommen till skolan")
    assert (back.fuzzy, back.msgstr, back.previous_msgid) == (False, "Welcome to school", None)


def test_the_length_limit_of_a_text_comes_from_the_template(checkout: Path) -> None:
    path = checkout / "locales" / "en" / CATALOG
    text = path.read_text("utf-8")
    msgid = 'msgid "Välkommen till skolan"'
    assert msgid in text
    path.write_text(text.replace(msgid, f"#, max-length:6\n{msgid}"), "utf-8")
    updated(checkout)
    assert "max-length" not in "".join(
        entry(catalog(checkout, "en"), "Välkommen till skolan").flags
    )


@pytest.mark.parametrize(
    "comment",
    ["#,fuzzy\n", "#note\n", "#.x\n", "#:a:1\n"],
)
def test_comments_without_a_space_are_read(checkout: Path, comment: str) -> None:
    path = checkout / "locales" / "en" / CATALOG
    text = path.read_text("utf-8")
    path.write_text(text.replace('msgid "Välkommen', f'{comment}msgid "Välkommen'), "utf-8")
    updated(checkout)
    assert entry(catalog(checkout, "en"), "Välkommen till skolan").msgstr == "Welcome to school"


def test_a_broken_catalog_is_refused_before_anything_is_written(checkout: Path) -> None:
    updated(checkout)
    (checkout / "locales" / "en" / CATALOG).write_text('msgid "open', "utf-8")
    reword(checkout, "Välkommen till skolan", "Hej")
    before = files(checkout)
    with pytest.raises(CatalogError):
        updated(checkout)
    assert files(checkout) == before


def test_the_order_of_flags_and_headers_does_not_matter(checkout: Path) -> None:
    updated(checkout)
    path = checkout / "locales" / "en" / CATALOG
    text = path.read_text("utf-8")
    assert "#, python-format\n" in text
    reordered = text.replace("#, python-format\n", "#, fuzzy, python-format\n", 1)
    path.write_text(reordered.replace('"MIME', '"X-Generator: Weblate 5.8\\n"\n"MIME'), "utf-8")
    assert outdated(checkout, discover(checkout / "locales")) == []


def test_a_missing_plural_rule_is_written(checkout: Path) -> None:
    updated(checkout)
    path = checkout / "locales" / "en" / CATALOG
    path.write_text(re.sub(r'"Plural-Forms: .*\n', "", path.read_text("utf-8")), "utf-8")
    assert outdated(checkout, discover(checkout / "locales")) == [path]
    updated(checkout)
    assert "Plural-Forms: nplurals=2" in path.read_text("utf-8")


def test_each_language_gets_its_own_number_of_plural_forms(checkout: Path) -> None:
    updated(checkout)
    english, arabic = catalog(checkout, "en"), catalog(checkout, "ar")
    assert entry(english, "%(num)s elev").msgstr_plural == {
        0: "%(num)s pupil",
        1: "%(num)s pupils",
    }
    assert entry(arabic, "%(num)s elev").msgstr_plural == dict.fromkeys(range(6), "")
    assert shown(checkout, "ar").faults == ()


def test_equal_texts_of_different_contexts_are_kept_apart(checkout: Path) -> None:
    updated(checkout)
    english = catalog(checkout, "en")
    assert entry(english, "Start", "menu").msgstr == "Home"
    assert entry(english, "Start", "race").msgstr == ""
    assert entry(english, "Start").msgstr == ""


def test_a_changed_comment_for_translators_reaches_the_catalogs(checkout: Path) -> None:
    reword(checkout, "Said to visitors.", "Said to every guardian.")
    updated(checkout)
    for tag in ("en", "ar"):
        noted = entry(catalog(checkout, tag), "Välkommen till skolan")
        assert noted.comment == "Said to every guardian."


def test_headers_and_comments_of_a_translation_editor_are_kept(checkout: Path) -> None:
    path = checkout / "locales" / "en" / CATALOG
    own = '"Last-Translator: A. Translator <a@example.se>\\n"\n"X-Generator: Poedit 3.5\\n"\n'
    text = path.read_text("utf-8")
    path.write_text("# Our catalog.\n" + text.replace('"MIME', f'{own}"MIME', 1), "utf-8")
    before = catalog(checkout, "en")
    updated(checkout)
    after = catalog(checkout, "en")
    assert after.metadata["X-Generator"] == "Poedit 3.5"
    assert after.metadata == before.metadata
    assert after.header == before.header == "Our catalog."


def test_a_second_update_changes_no_byte(checkout: Path) -> None:
    updated(checkout)
    reword(checkout, "Välkommen till skolan", 'Välkommen till \\"vår\\" skola')
    updated(checkout)
    once = files(checkout)
    assert set(updated(checkout).values()) == {Change("en", 0, 0, 0), Change("ar", 0, 0, 0)}
    assert files(checkout) == once


def test_a_catalog_has_no_dates_and_no_line_numbers(checkout: Path) -> None:
    updated(checkout)
    for path in ("portal.pot", f"en/{CATALOG}", f"ar/{CATALOG}"):
        text = (checkout / "locales" / path).read_text("utf-8")
        assert "#:" not in text
        assert "Date" not in text


def test_long_texts_are_not_wrapped(checkout: Path) -> None:
    long = "En mycket lång mening om skolan. " * 20
    reword(checkout, "Välkommen till skolan", long)
    updated(checkout)
    assert f'msgid "{long}"\n' in (checkout / "locales" / "ar" / CATALOG).read_text("utf-8")


@pytest.mark.slow
def test_the_committed_catalogs_are_in_step_with_the_texts(tmp_path: Path) -> None:
    shutil.copy(CHECKOUT / "babel.cfg", tmp_path)
    for name in ("portal", "templates", "locales"):
        shutil.copytree(
            CHECKOUT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    committed = files(tmp_path)
    tags = translated(discover(CHECKOUT / "locales"))
    assert updated(tmp_path) == {tag: Change(tag, 0, 0, 0) for tag in tags}
    assert files(tmp_path) == committed
