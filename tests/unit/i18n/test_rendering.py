"""Texts are shown escaped in the language of the reader; missing ones are shown in Swedish."""

import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from jinja2 import TemplateError, UndefinedError
from markupsafe import Markup

from portal.content.facts import Facts
from portal.i18n.coverage import Coverage, measure
from portal.i18n.languages import SOURCE
from portal.i18n.rendering import Renderer, Renderers, Text, Vocabulary, fill
from portal.settings import DATA
from portal.web.public.pages import Page, page_resource
from tests.unit.conftest import speaking

FORMED = date(2018, 7, 1)
NIGHT = datetime(2026, 7, 31, 22, 5, 30, tzinfo=UTC)
WINTER_NIGHT = datetime(2026, 12, 31, 22, 5, tzinfo=UTC)

ENTRIES = r"""
msgid "Ring %(phone)s."
msgstr "Call %(phone)s."

msgid "Skola"
msgstr "<img onerror=alert(\"School & 'friends'\")"

msgid "Minst 50 %%"
msgstr "At least 50 %% or 50 %"

msgid "Bildad %(date)s"
msgstr "Formed on %(date)s"

msgid "%(num)s elev av %(all)s"
msgid_plural "%(num)s elever av %(all)s"
msgstr[0] "One pupil out of %(all)s"
msgstr[1] "%(num)s pupils out of %(all)s"

msgctxt "menu"
msgid "Start"
msgstr "Home"

msgid "Språk"
msgstr "Languages"

#, fuzzy
msgid "Ordlista"
msgstr "Dictionary"
"""

ALERT = "&lt;img onerror=alert(&#34;School &amp; &#39;friends&#39;&#34;)"

say = Vocabulary
"""The functions that templates call, in the language of a renderer."""


@pytest.fixture
def english(tmp_path: Path) -> Renderer:
    """A renderer of English, with the entries above."""
    return speaking(tmp_path, "en", ENTRIES)


@pytest.fixture
def arabic(tmp_path: Path) -> Renderer:
    """A renderer of Arabic, without any translation."""
    return speaking(tmp_path, "ar")


@pytest.fixture
def swedish(tmp_path: Path) -> Renderer:
    return speaking(tmp_path, SOURCE)


@pytest.fixture
def beside(tmp_path: Path) -> Renderer:
    """A renderer of English with Swedish alongside."""
    return speaking(tmp_path, "en", ENTRIES, alongside=True, shared="shared by all")


def shown(folder: Path, renderer: Renderer, template: str, **values: Any) -> str:
    """The HTML that a renderer makes of a template."""
    (folder / "templates").mkdir(exist_ok=True)
    (folder / "templates" / "one.html").write_text(template, "utf-8")
    return renderer.render("one.html", **values).html


def test_markup_in_a_catalog_is_escaped(tmp_path: Path, english: Renderer) -> None:
    assert say(english).gettext("Skola") == ALERT
    assert shown(tmp_path, english, '<p>{{ _("Skola") }}</p>') == f"<p>{ALERT}</p>"


def test_a_value_is_escaped_unless_it_is_markup(english: Renderer) -> None:
    assert say(english).gettext("Ring %(phone)s.", phone="<b>&") == "Call &lt;b&gt;&amp;."
    assert say(english).gettext("Ring %(phone)s.", phone=Markup("<b>1</b>")) == "Call <b>1</b>."


def test_a_placeholder_in_a_value_is_not_filled(english: Renderer) -> None:
    text = say(english).gettext("Ring %(phone)s.", phone="%(phone)s %%")
    assert text == "Call %(phone)s %%."


def test_a_per_cent_sign_may_be_doubled(english: Renderer, swedish: Renderer) -> None:
    assert say(english).gettext("Minst 50 %%") == "At least 50 % or 50 %"
    assert say(swedish).gettext("Minst 50 %%") == "Minst 50 %"


def test_a_named_value_must_be_given(english: Renderer) -> None:
    with pytest.raises(KeyError, match="phone"):
        say(english).gettext("Ring %(phone)s.")
    with pytest.raises(KeyError, match="b"):
        fill("%(a)s %(b)s", {"a": 1})


def test_a_missing_translation_is_shown_in_swedish_and_marked(arabic: Renderer) -> None:
    text = say(arabic).gettext("Hej <du>")
    assert text == '<span lang="sv" dir="ltr">Hej &lt;du&gt;</span>'
    assert text.in_swedish


def test_the_values_in_a_missing_translation_are_swedish_too(arabic: Renderer) -> None:
    text = say(arabic).gettext(
        "%(count)s elever sedan %(date)s i %(place)s",
        count=5000,
        date=say(arabic).day(FORMED),
        place=say(arabic).name("Göteborg"),
    )
    assert text == (
        '<span lang="sv" dir="ltr">5\u00a0000 elever sedan '
        '<time datetime="2018-07-01">1 juli 2018</time> i Göteborg</span>'
    )


def test_a_fuzzy_text_is_not_shown(english: Renderer) -> None:
    assert say(english).gettext("Ordlista") == '<span lang="sv" dir="ltr">Ordlista</span>'


def test_swedish_is_not_marked_on_a_swedish_page(swedish: Renderer) -> None:
    text = say(swedish).gettext("Ring %(phone)s.", phone="<1>")
    assert text == "Ring &lt;1&gt;."
    assert not text.in_swedish


def test_a_plain_text_has_no_markup(english: Renderer, arabic: Renderer) -> None:
    phone = say(english).phone("031-365 09 60")
    assert say(english).gettext("Ring %(phone)s.", phone=phone).plain == "Call 031-365 09 60."
    assert say(english).gettext("Skola").plain == ALERT
    assert say(arabic).gettext("Skola & hem").plain == "Skola &amp; hem"


def test_a_text_has_its_swedish_source(english: Renderer) -> None:
    formed = say(english).gettext("Bildad %(date)s", date=say(english).day(FORMED))
    assert formed == 'Formed on <time datetime="2018-07-01">1 July 2018</time>'
    assert formed.swedish == 'Bildad <time datetime="2018-07-01">1 juli 2018</time>'
    pupils = say(english).ngettext(
        "%(num)s elev av %(all)s", "%(num)s elever av %(all)s", 2, all=5000
    )
    assert pupils == "2 pupils out of 5,000"
    assert pupils.swedish == "2 elever av 5\u00a0000"
    assert say(english).gettext("Skola").swedish == "Skola"


@pytest.mark.parametrize(
    ("number", "english_words", "swedish_words"),
    [
        (0, "0 pupils out of 9", "0 elever av 9"),
        (1, "One pupil out of 9", "1 elev av 9"),
        (2, "2 pupils out of 9", "2 elever av 9"),
        (1234, "1,234 pupils out of 9", "1\u00a0234 elever av 9"),
    ],
)
def test_a_number_selects_the_plural_form(
    english: Renderer, swedish: Renderer, number: int, english_words: str, swedish_words: str
) -> None:
    forms = ("%(num)s elev av %(all)s", "%(num)s elever av %(all)s", number)
    assert say(english).ngettext(*forms, all=9) == english_words
    assert say(swedish).ngettext(*forms, all=9) == swedish_words
    assert say(english).ngettext(*forms, all=9).swedish == swedish_words


def test_a_character_can_replace_the_number(english: Renderer) -> None:
    text = say(english).ngettext(
        "%(num)s elev av %(all)s", "%(num)s elever av %(all)s", 2, num="#", all="#"
    )
    assert text == "# pupils out of #"


def test_a_context_selects_the_translation(english: Renderer) -> None:
    assert say(english).pgettext("menu", "Start") == "Home"
    assert say(english).gettext("Start").in_swedish
    assert say(english).pgettext("race", "Start").in_swedish


@pytest.mark.parametrize(
    ("tag", "number", "day", "month"),
    [
        ("sv", "5\u00a0000", "1 juli 2018", "juli 2018"),
        ("en", "5,000", "1 July 2018", "July 2018"),
        ("ar", "5,000", "1 يوليو 2018", "يوليو 2018"),
    ],
)
def test_numbers_and_dates_have_the_format_of_the_language(
    tmp_path: Path, tag: str, number: str, day: str, month: str
) -> None:
    renderer = speaking(tmp_path, tag)
    assert say(renderer).number(5000) == number
    assert say(renderer).day(FORMED) == f'<time datetime="2018-07-01">{day}</time>'
    assert say(renderer).month(FORMED) == f'<time datetime="2018-07-01">{month}</time>'
    assert say(renderer).number(5000).swedish == "5\u00a0000"
    assert say(renderer).month(FORMED).swedish == '<time datetime="2018-07-01">juli 2018</time>'


@pytest.mark.parametrize(
    ("tag", "weekday", "languages"),
    [
        ("sv", "söndag", "svenska, engelska och arabiska"),
        ("en", "Sunday", "Swedish, English and Arabic"),
        ("ar", "الأحد", "السويدية والإنجليزية والعربية"),
    ],
)
def test_weekdays_and_languages_have_their_names_in_the_language(
    tmp_path: Path, tag: str, weekday: str, languages: str
) -> None:
    renderer = speaking(tmp_path, tag)
    assert say(renderer).weekday(6) == weekday
    assert say(renderer).weekday(6).swedish == "söndag"
    assert say(renderer).named(["sv", "en", "ar"]) == languages
    assert say(renderer).named(["sv", "en", "ar"]).swedish == "svenska, engelska och arabiska"
    assert say(renderer).named(["so"]).swedish == "somaliska"
    assert say(renderer).named(["pnb"]).swedish == "پنجابی"  # CLDR has no name


@pytest.mark.parametrize("tag", ["sv", "en", "ar"])
def test_times_and_dates_are_in_swedish_time_in_summer_and_winter(tmp_path: Path, tag: str) -> None:
    renderer = speaking(tmp_path, tag)
    assert say(renderer).clock(NIGHT) == '<time datetime="2026-07-31T22:05:30+00:00">00:05</time>'
    assert say(renderer).clock(WINTER_NIGHT).plain == "23:05"
    assert say(renderer).day(NIGHT) == say(renderer).day(date(2026, 8, 1))
    assert say(renderer).day(WINTER_NIGHT) == say(renderer).day(date(2026, 12, 31))


def test_a_name_stays_swedish_and_is_isolated_from_the_text_around_it(
    arabic: Renderer, swedish: Renderer
) -> None:
    name = say(arabic).name("Göteborg & <co>")
    assert name == '<bdi lang="sv" dir="ltr" translate="no">Göteborg &amp; &lt;co&gt;</bdi>'
    assert name.swedish == say(swedish).name("Göteborg & <co>") == "Göteborg &amp; &lt;co&gt;"


@pytest.mark.parametrize("tag", ["sv", "en", "ar"])
def test_a_phone_number_is_a_link_and_reads_from_left_to_right(tmp_path: Path, tag: str) -> None:
    phone = say(speaking(tmp_path, tag)).phone("031-365 09 60")
    assert phone == phone.swedish
    assert phone == (
        '<a class="phone" href="tel:+46313650960">'
        '<bdi dir="ltr" translate="no">031-365 09 60</bdi></a>'
    )


def test_a_code_reads_from_left_to_right_in_any_language(arabic: Renderer) -> None:
    assert (
        say(arabic).isolated("1111/15 <a>")
        == '<bdi dir="ltr" translate="no">1111/15 &lt;a&gt;</bdi>'
    )
    assert (
        say(arabic).isolated(2019)
        == say(arabic).isolated(2019).swedish
        == '<bdi dir="ltr" translate="no">2019</bdi>'
    )


def test_a_link_has_a_text_in_both_languages_and_one_address(english: Renderer) -> None:
    link = say(english).link('/x?a="1"&b=2', say(english).gettext("Språk"))
    assert link == '<a href="/x?a=&#34;1&#34;&amp;b=2">Languages</a>'
    assert link.swedish == '<a href="/x?a=&#34;1&#34;&amp;b=2">Språk</a>'


def test_swedish_is_added_only_when_chosen_and_when_it_differs(
    english: Renderer, beside: Renderer
) -> None:
    languages = say(beside).gettext("Språk")
    assert say(beside).with_swedish(languages) == (
        '<span class="pair"><span>Languages</span>'
        '<span class="alongside" lang="sv" dir="ltr">Språk</span></span>'
    )
    assert say(english).with_swedish(languages) == "Languages"
    missing = say(beside).gettext("Karta")
    assert say(beside).with_swedish(missing) == missing == '<span lang="sv" dir="ltr">Karta</span>'


def test_swedish_alongside_is_escaped_too(beside: Renderer) -> None:
    text = Text("<i>shown</i>", "<i>%(a)s", {"a": "<b>"})
    assert say(beside).with_swedish(text).endswith('dir="ltr">&lt;i&gt;&lt;b&gt;</span></span>')


def test_links_keep_the_reading_mode_except_to_swedish(english: Renderer, beside: Renderer) -> None:
    to_swedish, to_arabic = (beside.languages[tag] for tag in ("sv", "ar"))
    assert english.href("kontakt") == "/en/kontakt"
    assert english.href("") == "/en/"
    assert english.href("kontakt", kind="view", page="") == "/en/kontakt?kind=view&page="
    assert english.href("kontakt", to_arabic) == "/ar/kontakt"
    assert beside.href("kontakt") == "/en/kontakt?bredvid=sv"
    assert beside.href("kontakt", to_arabic) == "/ar/kontakt?bredvid=sv"
    assert beside.href("kontakt", kind="å&") == "/en/kontakt?bredvid=sv&kind=%C3%A5%26"
    assert beside.href("kontakt", to_swedish) == "/sv/kontakt"
    assert beside.href("kontakt", to_swedish, kind="view") == "/sv/kontakt?kind=view"


def test_a_page_has_a_link_to_the_other_reading_mode(english: Renderer, beside: Renderer) -> None:
    assert english.other_reading("kontakt") == "/en/kontakt?bredvid=sv"
    assert english.other_reading("kontakt", kind="view") == "/en/kontakt?bredvid=sv&kind=view"
    assert beside.other_reading("kontakt") == "/en/kontakt"
    assert beside.other_reading("kontakt", kind="view") == "/en/kontakt?kind=view"


def test_every_language_but_swedish_has_two_reading_modes(
    tmp_path: Path, english: Renderer
) -> None:
    catalogs = {tag: speaking(tmp_path, tag).catalog for tag in ("sv", "en", "ar")}
    renderers = Renderers(tmp_path, english.languages, catalogs)
    assert [(mode.language.tag, mode.alongside) for mode in renderers.all] == [
        ("sv", False),
        ("en", False),
        ("en", True),
        ("ar", False),
        ("ar", True),
    ]
    swedish = renderers.languages.source
    assert renderers(swedish, alongside=True) is renderers(swedish)


def test_a_template_has_the_language_and_its_functions(tmp_path: Path, beside: Renderer) -> None:
    template = (
        '{{ language.tag }}, {{ shared }}, {{ _("Språk") | alongside }}, {{ href("x") }},'
        ' {{ pgettext("menu", "Start") }}, {{ number(5000) }}, {{ languages | length }},'
        ' {{ ngettext("%(num)s elev av %(all)s", "%(num)s elever av %(all)s", 1, all=2) }}'
    )
    assert shown(tmp_path, beside, template) == (
        'en, shared by all, <span class="pair"><span>Languages</span>'
        '<span class="alongside" lang="sv" dir="ltr">Språk</span></span>,'
        " /en/x?bredvid=sv, Home, 5,000, 3, One pupil out of 2"
    )


def test_a_page_can_show_a_text_in_another_language(english: Renderer, swedish: Renderer) -> None:
    text = say(swedish).gettext("Ring %(phone)s.", phone=say(swedish).isolated("<1>"))
    there = english.languages["en"]
    assert (
        say(english).in_language(there, text)
        == 'Call <bdi dir="ltr" translate="no">&lt;1&gt;</bdi>.'
    )
    assert (
        say(english).in_language(english.languages.source, say(english).gettext("Språk")) == "Språk"
    )


def test_coverage_counts_each_text_of_a_page_once(tmp_path: Path, english: Renderer) -> None:
    template = (
        '{{ _("Språk") }}{{ _("Språk") }}{{ pgettext("menu", "Start") }}{{ _("Karta") }}'
        '{{ ngettext("%(num)s elev av %(all)s", "%(num)s elever av %(all)s", 2, all=2) }}'
        '{{ _("Ordlista") }}{{ _("Start") }}'
    )
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text(template, "utf-8")
    texts = english.render("page.html").texts
    assert measure(english.catalog, texts) == Coverage(total=6, translated=3, fuzzy=1)


@pytest.mark.parametrize(
    ("total", "translated", "percent"), [(6, 3, 50), (300, 299, 99), (3, 3, 100), (0, 0, 100)]
)
def test_coverage_is_complete_only_when_every_text_is_translated(
    total: int, translated: int, percent: int
) -> None:
    assert Coverage(total, translated, 0).percent == percent


def test_a_value_of_a_template_is_escaped(tmp_path: Path, english: Renderer) -> None:
    html = shown(tmp_path, english, '<p title="{{ it }}">{{ it }}</p>', it="\"<'&>")
    assert html == '<p title="&#34;&lt;&#39;&amp;&gt;">&#34;&lt;&#39;&amp;&gt;</p>'


@pytest.mark.parametrize(
    "template",
    ["{{ unheard_of }}", "{% if unheard_of %}x{% endif %}", "{{ language.unheard_of }}"],
)
def test_an_undefined_value_is_a_fault(tmp_path: Path, english: Renderer, template: str) -> None:
    with pytest.raises(UndefinedError, match="unheard_of"):
        shown(tmp_path, english, template)


TITLE = '{% set title = _("Språk") %}'
DESCRIPTION = '{% set description = _("Språk") %}'
MAIN = "{% block main %}{% endblock %}"


@pytest.mark.parametrize(
    ("parts", "fault"),
    [
        ((DESCRIPTION, MAIN), "'title' is undefined"),
        ((TITLE, MAIN), "'description' is undefined"),
        ((TITLE, DESCRIPTION), "main"),
    ],
    ids=["without a title", "without a description", "without content"],
)
def test_an_unfinished_page_is_a_fault(tmp_path: Path, parts: tuple[str, ...], fault: str) -> None:
    shutil.copytree(DATA / "templates", tmp_path / "templates")
    address = "https://skola.example.se"
    values: dict[str, Any] = {
        "facts": Facts(),
        "base_url": address,
        "asset": str,
        "opening": None,
        "page_words": {},
    }
    english = speaking(tmp_path, "en", ENTRIES, **values)
    for name, content in (("whole", (TITLE, DESCRIPTION, MAIN)), ("unfinished", parts)):
        path = tmp_path / "templates" / "public" / f"{name}.html"
        path.write_text("".join(['{% extends "layout.html" %}', *content]), "utf-8")
    assert "<h1>Languages</h1>" in page_resource(english, Page("x", "whole.html")).text
    with pytest.raises(TemplateError, match=fault):
        page_resource(english, Page("x", "unfinished.html"))
