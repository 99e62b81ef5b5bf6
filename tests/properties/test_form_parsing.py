"""Whatever fields are posted, the form keeps them and reports what is wrong."""

import unicodedata
from itertools import cycle, islice
from time import process_time

from email_validator import SPECIAL_USE_DOMAIN_NAMES, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from portal.cases.messages import KINDS, MESSAGE_LIMIT
from portal.content import mail_addresses
from portal.content.characters import INVISIBLE
from portal.web.forms import ContactForm, Problem, normalised

PAGES = frozenset({"", "kontakt"})
NAMES = ("message", "email", "answer_language", "other_language", "kind", "page", "website")

anything = st.text(st.characters(exclude_categories=()))
"""Any text, with lone surrogates and control characters."""

addresses = st.one_of(
    anything,
    st.text('ab@.+- \n\0<>,"\u00e5\u0645\u200e\u202e\ud800'),
    st.builds("{}@{}.se".format, st.text("ab.+\u00e5\u200b ", max_size=9), anything),
)
plain_addresses = st.builds(
    "{}@{}{}".format,
    st.from_regex(r"[a-z0-9_+-]{1,40}([.]{1,2}[a-z0-9_+-]{1,30})?", fullmatch=True),
    st.from_regex(r"([a-z0-9][a-z0-9-]{0,34}\.)?", fullmatch=True),
    st.sampled_from([*SPECIAL_USE_DOMAIN_NAMES, "se", "com", "example.se", "xn--a.se", "1.se"]),
)
"""Addresses that the pattern accepts, and some that it must refuse by a small difference."""

one_character = st.sampled_from(["x", "\r\n", "\n", "\u00e5", "a\u030a", "\u0645", "\U0001f642"])
"""Each of these is one character after normalisation, whatever its neighbours are."""


@given(st.dictionaries(st.sampled_from(NAMES) | anything, anything))
def test_every_field_makes_a_form(fields: dict[str, str]) -> None:
    form = ContactForm.from_fields(fields, PAGES)
    assert form.message == normalised(fields.get("message", ""))
    assert form.email == mail_addresses.normalised(fields.get("email", ""))
    assert form.website == fields.get("website", "")
    assert form.other_language == fields.get("other_language", "")
    assert form.kind in {"", *KINDS}
    assert form.page in {None, *PAGES}
    assert set(form.choice.values()) <= {*KINDS, *PAGES}
    assert {problem.field for problem in form.problems()} <= {*NAMES, "form"}


@given(anything)
@example("\r\r\n")
@example("\u0958\u0344")
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalised(text)
    assert normalised(once) == once
    assert "\r" not in once
    assert unicodedata.is_normalized("NFC", once)


@given(anything)
def test_counting_does_not_depend_on_how_a_system_writes_accents_and_lines(text: str) -> None:
    counted = normalised(text)
    decomposed = unicodedata.normalize("NFD", counted)
    for line_break in ("\n", "\r\n", "\r"):
        assert normalised(decomposed.replace("\n", line_break)) == counted


@given(st.lists(one_character, min_size=1, max_size=9), st.integers(-3, 3))
def test_a_message_over_the_limit_says_by_how_many_characters(
    characters: list[str], over: int
) -> None:
    count = MESSAGE_LIMIT + over
    message = "x" + "".join(islice(cycle(characters), count - 1))
    too_long = [Problem("message", "too-long", over)] if over > 0 else []
    assert ContactForm(message=normalised(message)).problems() == too_long


@given(anything)
def test_an_accepted_message_can_be_stored_and_is_not_blank(text: str) -> None:
    form = ContactForm.from_fields({"message": text}, PAGES)
    if not form.problems():
        assert not INVISIBLE.fullmatch(form.message)
        assert "\0" not in form.message
        assert form.message.encode().decode() == form.message


@given(addresses)
def test_an_accepted_address_is_one_line_of_visible_characters(email: str) -> None:
    form = ContactForm.from_fields({"message": "Hej", "email": email}, PAGES)
    if form.email and not form.problems():
        assert form.email.count("@") == 1
        assert not [char for char in form.email if unicodedata.category(char)[0] in "ZC"]
        assert not {*form.email} & {*'<>",;:\\()[]'}


@given(plain_addresses)
@example("namn@example.se")
@example("postmaster@1-2.3-4.com")
@example("a" * 64 + "@b.se")
@example("a" * 65 + "@b.se")
@example("a" * 59 + "@" + 6 * f"{'b' * 31}." + "se")
@example("a" * 60 + "@" + 6 * f"{'b' * 31}." + "se")
def test_a_plain_address_is_one_that_the_package_accepts_and_leaves_unchanged(email: str) -> None:
    if mail_addresses.PLAIN.fullmatch(email):
        assert validate_email(email, check_deliverability=False).normalized == email


@given(addresses)
def test_a_normalised_address_stays_as_it_is(email: str) -> None:
    address = mail_addresses.normalised(email)
    assert mail_addresses.normalised(address) == address


@given(st.text("a \u0301\u0323\u0344\u0f73\u0f71\u05b0\U0001f642\u0645\u0651", max_size=90))
def test_many_marks_in_a_row_are_ordered_as_unicode_orders_them(text: str) -> None:
    assert normalised(text) == unicodedata.normalize("NFC", text)


def test_a_hundred_thousand_marks_take_no_time() -> None:
    start = process_time()
    normalised("a" + "\u0301\u0323" * 50_000)
    assert process_time() - start < 1
