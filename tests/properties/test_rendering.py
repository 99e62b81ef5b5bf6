"""Any text is shown to the reader exactly as it is, and never becomes an element."""

from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import escape

from portal.i18n.catalogs import Catalog
from portal.i18n.hyphenation import SOFT_HYPHEN, hyphenated
from portal.i18n.languages import Languages, language
from portal.i18n.rendering import Renderer, Renderers, Vocabulary
from tests.unit.conftest import speaking

LANGUAGES = Languages(["en"])

TRICKY = (
    *("<script>", "</p>", "</title>", "<!--", "-->", "<![CDATA[", "<b onclick='alert(1)'>"),
    *("&lt;", "&#60", "&", '"', "'", "`", "<", ">", "/", "=", "\\", "javascript:"),
    *("%", "%%", "%(value)s", "%(num)s", "%(", ")s", "{{ x }}", "\u202e", "\u2028", "a"),
)

words = st.one_of(
    st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t")),
    st.lists(st.sampled_from(TRICKY)).map("".join),
).filter(lambda text: hyphenated(text) == escape(text))
"""Without other control characters, which HTML cannot represent, and without the words in which
soft hyphens are put: Hypothesis tries words that stand in the code."""

SWEDISH = [("span", {"lang": "sv", "dir": "ltr"})]


def speaking_from(entries: dict[str, str], alongside: bool = False) -> Renderer:
    """A renderer of English with these entries, made without a file."""
    catalogs = {
        "sv": Catalog(LANGUAGES.source, {}, int),
        "en": Catalog(
            language("en"),
            {(None, source): (text,) for source, text in entries.items()},
            int,
        ),
    }
    return Renderers(Path(), LANGUAGES, catalogs)(LANGUAGES["en"], alongside)


def parsed(html: str) -> Element:
    """The element tree that a browser makes of an HTML fragment."""
    root: Element = html5lib.parseFragment(html, container="div", namespaceHTMLElements=False)
    return root


def text_of(element: Element) -> str:
    return "".join(element.itertext())


def elements(root: Element) -> list[tuple[str, dict[str, str]]]:
    """The tag and the attributes of every element below the root."""
    return [(str(node.tag), dict(node.attrib)) for node in root.iter() if node is not root]


def per_cent_signs_doubled(text: str) -> str:
    return text.replace("%", "%%")


@given(words)
def test_any_words_in_a_catalog_are_shown_as_they_are(text: str) -> None:
    renderer = speaking_from({"Hej": per_cent_signs_doubled(text)})
    root = parsed(Vocabulary(renderer).gettext("Hej"))
    assert text_of(root) == text
    assert elements(root) == []


@given(words)
def test_any_swedish_without_a_translation_is_shown_as_it_is(text: str) -> None:
    root = parsed(Vocabulary(speaking_from({})).gettext(per_cent_signs_doubled(text)))
    assert text_of(root) == text
    assert elements(root) == SWEDISH


@given(words, words)
def test_any_value_is_shown_as_it_is(text: str, value: str) -> None:
    renderer = speaking_from({"%(value)s": f"{per_cent_signs_doubled(text)}|%(value)s|"})
    root = parsed(Vocabulary(renderer).gettext("%(value)s", value=value))
    assert text_of(root) == f"{text}|{value}|"
    assert elements(root) == []


@given(words, words)
def test_any_words_are_shown_in_both_languages_alongside(text: str, source: str) -> None:
    source = per_cent_signs_doubled(source)
    renderer = speaking_from({source: per_cent_signs_doubled(text)}, alongside=True)
    root = parsed(Vocabulary(renderer).with_swedish(Vocabulary(renderer).gettext(source)))
    assert elements(root) == [
        ("span", {"class": "pair"}),
        ("span", {}),
        ("span", {"class": "alongside", "lang": "sv", "dir": "ltr"}),
    ]
    assert text_of(root) == text + source.replace("%%", "%")


@given(words)
def test_any_name_and_code_is_wrapped_in_one_element(value: str) -> None:
    renderer = speaking_from({})
    name, code = (
        parsed(Vocabulary(renderer).name(value)),
        parsed(Vocabulary(renderer).isolated(value)),
    )
    assert text_of(name) == text_of(code) == value
    assert elements(name) == [("bdi", {"lang": "sv", "dir": "ltr", "translate": "no"})]
    assert elements(code) == [("bdi", {"dir": "ltr", "translate": "no"})]
    assert text_of(parsed(Vocabulary(renderer).name(value).swedish)) == value


@given(words, words)
def test_any_address_stays_inside_its_link(address: str, text: str) -> None:
    renderer = speaking_from({"Hej": per_cent_signs_doubled(text)})
    link = Vocabulary(renderer).link(address, Vocabulary(renderer).gettext("Hej"))
    assert elements(parsed(link)) == [("a", {"href": address})]
    assert text_of(parsed(link)) == text
    assert elements(parsed(link.swedish)) == [("a", {"href": address})]


@given(words, words)
def test_any_plain_text_stays_inside_its_attribute(text: str, value: str) -> None:
    entry = f"%(name)s {per_cent_signs_doubled(text)}"
    renderer = speaking_from({"%(name)s": entry})
    plain = Vocabulary(renderer).gettext("%(name)s", name=Vocabulary(renderer).name(value)).plain
    (shown,) = elements(parsed(f'<p title="{plain}"></p>'))
    spaced = " ".join(f"{value} {text}".split())
    assert shown == ("p", {"title": spaced.replace(SOFT_HYPHEN, "")})


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Renderer:
    """A renderer of a template that uses a value in every place where a page has values."""
    folder = tmp_path_factory.mktemp("any")
    (folder / "templates").mkdir()
    (folder / "templates" / "one.html").write_text(
        '<p title="{{ it }}">{{ it }}</p><textarea>\n{{ it }}</textarea>', "utf-8"
    )
    return speaking(folder, "en")


@given(it=words)
def test_any_value_is_shown_by_a_template_as_it_is(template: Renderer, it: str) -> None:
    root = parsed(template.render("one.html", it=it).html)
    assert elements(root) == [("p", {"title": it}), ("textarea", {})]
    assert [text_of(node) for node in root] == [it, it]


def written(text: str) -> str:
    """A text as a quoted string of a ``.po`` file."""
    for character, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t")):
        text = text.replace(character, escaped)
    return f'"{text}"'


@given(text=words.filter(bool))
@settings(max_examples=30)
def test_any_words_in_a_file_reach_the_reader(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    entries = f'msgid "Hej"\nmsgstr {written(per_cent_signs_doubled(text))}\n'
    renderer = speaking(tmp_path_factory.mktemp("file"), "en", entries)
    root = parsed(Vocabulary(renderer).gettext("Hej"))
    assert text_of(root) == ("Hej" if renderer.catalog.faults else text)
    assert elements(root) == (SWEDISH if renderer.catalog.faults else [])


@given(before=words, after=words)
@settings(max_examples=60)
def test_whatever_a_file_contains_only_named_values_are_inserted(
    tmp_path_factory: pytest.TempPathFactory, before: str, after: str
) -> None:
    entries = f'msgid "%(value)s"\nmsgstr {written(f"{before}%(value)s{after}")}\n'
    renderer = speaking(tmp_path_factory.mktemp("file"), "en", entries)
    root = parsed(Vocabulary(renderer).gettext("%(value)s", value="<i>"))
    assert "<i>" in text_of(root)
    assert elements(root) == (SWEDISH if renderer.catalog.faults else [])
