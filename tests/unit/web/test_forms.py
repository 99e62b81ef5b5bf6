"""Posted fields become a form that keeps everything typed, and tells what is wrong with it."""

import json
from pathlib import Path

import pytest

from portal.cases.messages import KINDS, MESSAGE_LIMIT
from portal.content.mail_addresses import LIMIT as EMAIL_LIMIT
from portal.web.forms import (
    LANGUAGE_LIMIT,
    CaseForm,
    ContactForm,
    FinderForm,
    Problem,
    normalised,
)

PAGES = frozenset({"", "kontakt", "omraden/styrning"})
VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "counting.json").read_text())

EMPTY = Problem("message", "empty")
UNREADABLE = Problem("message", "unreadable")
MALFORMED = Problem("email", "malformed")
UNNAMED = Problem("other_language", "malformed")
UNREADABLE_EMAIL = Problem("email", "unreadable")
UNREADABLE_NAME = Problem("other_language", "unreadable")

LONGEST_LOCAL_PART = "a" * 64
LONGEST_LABEL = "b" * 63


def form(**fields: str) -> ContactForm:
    return ContactForm.from_fields(fields, PAGES)


def address(length: int) -> str:
    """An address of a length; every part of it is within its own limit."""
    end = f"@{LONGEST_LABEL}.{LONGEST_LABEL}.se"
    rest = length - len(LONGEST_LOCAL_PART) - len(end)
    return f"{LONGEST_LOCAL_PART}@{'c' * (rest - 1)}.{end.removeprefix('@')}"


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["about"] for vector in VECTORS])
def test_characters_are_counted_as_the_counter_counts_them(vector: dict[str, str | int]) -> None:
    assert len(normalised(str(vector["text"]))) == vector["count"]


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("a\x0bb\x0cc\x85d\u2028e\u2029f", "a\nb\nc\nd\ne\nf"),
        ("a\u030a", "\u00e5"),
        ("  indented\t\n\n", "  indented\t\n\n"),
        ("<b>&amp;'\"\\%s</b>", "<b>&amp;'\"\\%s</b>"),
        ("\u202eright to left\u202c\u200d", "\u202eright to left\u202c\u200d"),
    ],
)
def test_a_message_is_kept_as_it_was_typed(typed: str, stored: str) -> None:
    assert form(message=typed).message == stored


@pytest.mark.parametrize(
    "message",
    [
        "Hej",
        ".",
        "\n\nHej\n\n",
        "a" * MESSAGE_LIMIT,
        "\U0001f642" * MESSAGE_LIMIT,
        "a\u030a" * MESSAGE_LIMIT,
        "a\r\n" * (MESSAGE_LIMIT // 2),
        "\r\n" * (MESSAGE_LIMIT - 1) + "a",
        "م" * MESSAGE_LIMIT,
    ],
    ids=["word", "sign", "blank lines", "letters", "emoji", "apart", "lines", "blanks", "Arabic"],
)
def test_a_message_of_up_to_five_thousand_characters_is_accepted(message: str) -> None:
    assert form(message=message).problems() == []


@pytest.mark.parametrize(
    "message",
    [
        *(
            "",
            " ",
            "\r\n",
            " \t\n\u00a0\u3000\u2028 ",
            "\u3164",
            "\u2800",
            "\u034f\ufe0f",
            "\ufeff",
        ),
        *("\ufeff", "\u115f\u1160", "\u2060\u200d", "\U000e0041", "\u17b4", "\x1b\x85"),
    ],
)
def test_a_message_without_words_is_empty(message: str) -> None:
    assert form(message=message).problems() == [EMPTY]
    assert form().problems() == [EMPTY]


@pytest.mark.parametrize("over", [1, 2, 20_000])
def test_a_message_that_is_too_long_says_by_how_much(over: int) -> None:
    too_long = Problem("message", "too-long", over)
    assert form(message="x" * (MESSAGE_LIMIT + over)).problems() == [too_long]
    assert form(message="\r\n" * over + "x" * MESSAGE_LIMIT).problems() == [too_long]


@pytest.mark.parametrize("character", ["\0", chr(0xD800), chr(0xDFFF), "\ufffd"])
def test_a_character_that_cannot_be_stored_is_refused_in_every_field(character: str) -> None:
    assert form(message=f"Hej {character} du").problems() == [UNREADABLE]
    assert form(message=character + "x" * MESSAGE_LIMIT).problems() == [UNREADABLE]
    assert form(message="Hej", email=f"na{character}mn@a.se").problems() == [UNREADABLE_EMAIL]
    assert form(message="Hej", other_language=f"a{character}").problems() == [UNREADABLE_NAME]


@pytest.mark.parametrize(
    "email",
    [
        "",
        "namn@example.se",
        "namn+skola@example.se",
        "n.a-m_n'o@sub.example.se",
        "åsa@example.se",
        "namn@örebro.se",
        "اسم@مثال.com",
        f"{LONGEST_LOCAL_PART}@{LONGEST_LABEL}.se",
    ],
)
def test_an_address_that_mail_can_reach_is_accepted(email: str) -> None:
    filled = form(message="Hej", email=email)
    assert filled.problems() == []
    assert filled.email == email


@pytest.mark.parametrize(
    "email",
    [
        "namn",
        "namn@",
        "@example.se",
        "namn@example",
        "namn@localhost",
        "namn@@example.se",
        "namn@example@example.se",
        "namn example@example.se",
        "namn@exam ple.se",
        "namn@example..se",
        ".namn@example.se",
        "namn@example.se.",
        "namn@-example.se",
        "namn@[192.0.2.1]",
        "Namn <namn@example.se>",
        "mailto:namn@example.se",
        "a@example.se,b@example.se",
        "namn@example.se\nBcc: alla@example.se",
        "namn@" + "c" * 64 + ".se",
    ],
)
def test_an_address_that_mail_cannot_reach_is_refused_and_kept(email: str) -> None:
    filled = form(message="Hej", email=email)
    assert filled.problems() == [MALFORMED]
    assert filled.email == email


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("namn\u0661\u06f2\u0969@example.se", "namn123@example.se"),
        ("anna\u2011lisa@example.se", "anna-lisa@example.se"),
        ("anna\u2013lisa@example.se", "anna-lisa@example.se"),
        ("o\u2019neill@example.se", "o'neill@example.se"),
        ("namn@exam\uff50le\u3002se", "namn@example.se"),
        ("\uff4e\uff41mn\uff20example\uff0ese", "namn@example.se"),
        ("a\u030asa@o\u0308rebro.se", "\u00e5sa@\u00f6rebro.se"),
        ("ali@exam\u200bple.se", "ali@example.se"),
        ("anna\u00adlisa@example.se", "annalisa@example.se"),
        ("na\u202emn@example\u2066.se\ufe0f", "namn@example.se"),
        ("NAMN@EXAMPLE.SE", "NAMN@example.se"),
        ("namn@xn--rebro-iua.se", "namn@\u00f6rebro.se"),
    ],
)
def test_an_address_is_stored_as_it_was_checked(typed: str, stored: str) -> None:
    filled = form(message="Hej", email=typed)
    assert filled.problems() == []
    assert filled.email == stored
    assert form(email=stored).email == stored


def test_what_stands_before_the_at_sign_is_counted_in_bytes() -> None:
    assert form(message="Hej", email="\u00e5" * 32 + "@example.se").problems() == []
    assert form(message="Hej", email="\u00e5" * 33 + "@example.se").problems() == [MALFORMED]
    assert form(message="Hej", email="A" * 65 + "@example.se").problems() == [MALFORMED]


def test_an_address_is_as_long_as_mail_can_carry_and_no_longer() -> None:
    assert len(address(EMAIL_LIMIT)) == EMAIL_LIMIT
    assert form(message="Hej", email=address(EMAIL_LIMIT)).problems() == []
    assert form(message="Hej", email=address(EMAIL_LIMIT + 1)).problems() == [MALFORMED]
    assert form(message="Hej", email="a" * 100_000).problems() == [MALFORMED]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (" ", " "),
        ("\t\r\n", "\u00a0"),
        ("\u200e", "\u200f"),
        ("\u202a", "\u202c"),
        ("\u2066", "\u2069"),
        ("\ufeff", "\u200b \u200b"),
    ],
)
def test_what_copying_puts_around_an_address_is_taken_away(before: str, after: str) -> None:
    filled = form(message="Hej", email=f"{before}namn@example.se{after}")
    assert filled.email == "namn@example.se"
    assert filled.problems() == []


@pytest.mark.parametrize("nothing", ["", " ", "\u200e\u200f", "\n \u2066\u2069 \n"])
def test_an_address_of_nothing_visible_is_no_address(nothing: str) -> None:
    filled = form(message="Hej", email=nothing)
    assert filled.email == ""
    assert filled.problems() == []


@pytest.mark.parametrize(
    ("chosen", "named", "language"),
    [
        ("", "", ""),
        ("ar", "", "ar"),
        ("other", "", "other"),
        ("other", " Soomaali ", "Soomaali"),
        ("", "ትግርኛ", "ትግርኛ"),
        ("sv", "Soomaali", "sv"),
        ("other", "\u200b", "other"),
        ("other", "x" * LANGUAGE_LIMIT, "x" * LANGUAGE_LIMIT),
    ],
)
def test_the_answer_is_wanted_in_a_language_of_ours_or_of_the_persons_own(
    chosen: str, named: str, language: str
) -> None:
    filled = form(message="Hej", answer_language=chosen, other_language=named)
    assert filled.wanted_language == language
    assert filled.problems() == []


def test_a_name_that_no_language_has_is_refused_and_stays_in_the_form() -> None:
    name = "x" * (LANGUAGE_LIMIT + 1)
    assert form(message="Hej", other_language=name).problems() == [UNNAMED]
    assert form(message="Hej", other_language=name).other_language == name


def test_a_form_in_which_nothing_was_done_is_empty() -> None:
    assert form().is_empty
    assert form(page="kontakt").is_empty
    for field in ("message", "email", "other_language", "website"):
        assert not form(**{field: "x"}).is_empty
    assert not form(answer_language="en").is_empty
    assert not form(kind="view").is_empty


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_one_of_the_choices(kind: str) -> None:
    assert form(kind=kind).kind == kind


@pytest.mark.parametrize("kind", ["", "Question", "question ", "spam", "question\0", "<b>"])
def test_another_kind_is_left_out(kind: str) -> None:
    filled = form(message="Hej", kind=kind)
    assert filled.kind == ""
    assert filled.problems() == []


@pytest.mark.parametrize("page", sorted(PAGES))
def test_a_report_is_about_one_of_the_pages(page: str) -> None:
    assert form(page=page).page == page


@pytest.mark.parametrize("page", ["/kontakt", "https://example.se/", "arende/1", "kontakt/", "<b>"])
def test_another_page_is_left_out(page: str) -> None:
    filled = form(message="Hej", page=page)
    assert filled.page is None
    assert filled.problems() == []


def test_no_page_is_not_the_start_page() -> None:
    assert form().page is None
    assert form(page="").page == ""


def test_only_programs_fall_into_the_trap() -> None:
    trap = Problem("form", "trap")
    assert form(message="Hej", website="https://example.com").problems() == [trap]
    assert form(message="Hej", website=" ").problems() == [trap]
    assert form(message="Hej", website="").problems() == []


def test_everything_is_told_at_once_in_the_order_of_the_page() -> None:
    filled = form(message=" ", email="namn@", other_language="x" * 61, website="x")
    assert filled.problems() == [EMPTY, MALFORMED, UNNAMED, Problem("form", "trap")]


def test_a_refused_form_keeps_everything_that_was_typed() -> None:
    typed = {
        "message": "x" * (MESSAGE_LIMIT + 1),
        "email": "na mn@example",
        "answer_language": "other",
        "other_language": "x" * 100,
        "kind": "praise",
        "page": "kontakt",
        "website": "x",
    }
    filled = form(**typed, other="is no field of ours")
    assert filled.problems()
    assert filled == ContactForm(**typed)


@pytest.mark.parametrize(
    ("fields", "choice"),
    [
        ({}, {}),
        ({"kind": "view"}, {"kind": "view"}),
        ({"page": ""}, {"page": ""}),
        ({"kind": "view", "page": "kontakt"}, {"kind": "view", "page": "kontakt"}),
        ({"kind": "spam", "page": "nowhere"}, {}),
    ],
)
def test_no_word_of_a_persons_own_stands_in_an_address(
    fields: dict[str, str], choice: dict[str, str]
) -> None:
    personal = {"message": "Hej", "email": "namn@example.se", "website": "x"}
    assert form(**personal, **fields).choice == choice


def test_a_further_message_has_the_rules_of_the_first() -> None:
    for text in ("a\r\nb", "a\u030a", " ", "x" * (MESSAGE_LIMIT + 1), "\x00"):
        further = CaseForm.from_fields({"message": text, "email": "ignored"})
        first = form(message=text)
        assert (further.message, further.problems()) == (first.message, first.problems())
    trapped = CaseForm.from_fields({"message": "Hej", "website": "x"})
    assert trapped.problems() == [Problem("form", "trap")]


@pytest.mark.parametrize(
    ("reference", "code", "empty"),
    [
        ("ABCD EFGH", "ab-c", []),
        ("", "ab-c", ["reference"]),
        (" - ", "\u202e", ["reference", "code"]),
    ],
)
def test_what_leads_to_a_case_is_kept_as_typed(reference: str, code: str, empty: list[str]) -> None:
    typed = FinderForm.from_fields({"reference": reference, "code": code})
    assert (typed.reference, typed.code) == (reference, code)
    assert typed.problems() == [Problem(name, "empty") for name in empty]
