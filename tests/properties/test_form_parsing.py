"""Whatever is posted, a form comes of it that loses nothing and knows what is wrong."""

import unicodedata
from itertools import cycle, islice

from hypothesis import example, given
from hypothesis import strategies as st

from portal.cases.messages import KINDS, MESSAGE_LIMIT
from portal.web.forms import ContactForm, Problem, bare, normalised

PAGES = frozenset({"", "kontakt"})
NAMES = ("message", "email", "answer_language", "other_language", "kind", "page", "website")

anything = st.text(st.characters(exclude_categories=()))
"""Lone surrogates and control characters too."""

addresses = st.one_of(
    anything,
    st.text('ab@.+- \n\0<>,"\u00e5\u0645\u200e\u202e\ud800'),
    st.builds("{}@{}.se".format, st.text("ab.+\u00e5\u200b ", max_size=9), anything),
)
one_character = st.sampled_from(["x", "\r\n", "\n", "\u00e5", "a\u030a", "\u0645", "\U0001f642"])
"""Each of these is one character after normalisation, whatever stands next to it."""


@given(st.dictionaries(st.sampled_from(NAMES) | anything, anything))
def test_every_field_makes_a_form(fields: dict[str, str]) -> None:
    form = ContactForm.from_fields(fields, PAGES)
    assert form.message == normalised(fields.get("message", ""))
    assert form.email in fields.get("email", "")
    assert form.website == fields.get("website", "")
    assert form.other_language == fields.get("other_language", "")
    assert form.kind in {"", *KINDS}
    assert form.page in {None, *PAGES}
    assert set(form.choice.values()) <= {*KINDS, *PAGES}
    assert {problem.field for problem in form.problems()} <= {*NAMES, "form"}


@given(anything)
@example("\r\r\n")
@example("\u0958\u0344")
def test_a_text_is_normalised_once_and_for_all(text: str) -> None:
    once = normalised(text)
    assert normalised(once) == once
    assert "\r" not in once
    assert unicodedata.is_normalized("NFC", once)


@given(anything)
def test_counting_does_not_depend_on_how_a_system_writes_accents_and_lines(text: str) -> None:
    kept = normalised(text)
    written_apart = unicodedata.normalize("NFD", kept)
    for line_break in ("\n", "\r\n", "\r"):
        assert normalised(written_apart.replace("\n", line_break)) == kept


@given(st.lists(one_character, min_size=1, max_size=9), st.integers(-3, 3))
def test_a_message_is_too_long_by_what_is_beyond_the_limit(
    characters: list[str], over: int
) -> None:
    count = MESSAGE_LIMIT + over
    message = "x" + "".join(islice(cycle(characters), count - 1))
    wanted = [Problem("message", "too-long", over)] if over > 0 else []
    assert ContactForm(message=normalised(message)).problems() == wanted


@given(anything)
def test_a_message_that_is_accepted_can_be_kept_and_has_something_in_it(text: str) -> None:
    form = ContactForm.from_fields({"message": text}, PAGES)
    if not form.problems():
        assert form.message.strip()
        assert "\0" not in form.message
        assert form.message.encode().decode() == form.message


@given(addresses)
def test_an_address_that_is_accepted_is_one_line_of_visible_signs(email: str) -> None:
    form = ContactForm.from_fields({"message": "Hej", "email": email}, PAGES)
    if form.email and not form.problems():
        assert form.email.count("@") == 1
        assert not [sign for sign in form.email if unicodedata.category(sign)[0] in "ZC"]
        assert not {*form.email} & {*'<>",;:\\()[]'}


@given(anything)
def test_baring_an_address_takes_only_what_is_invisible(email: str) -> None:
    bared = bare(email)
    assert bare(bared) == bared
    before, found, after = email.partition(bared) if bared else (email, "", "")
    assert found == bared
    for sign in before + after:
        assert sign.isspace() or unicodedata.category(sign) in {"Cc", "Cf"}
