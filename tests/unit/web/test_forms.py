"""Posted fields become a form that keeps everything typed, and tells what is wrong with it."""

import json
from pathlib import Path

import pytest

from portal.cases.messages import KINDS, MESSAGE_LIMIT
from portal.web.forms import EMAIL_LIMIT, LANGUAGE_LIMIT, ContactForm, Problem, bare, normalised

PAGES = frozenset({"", "kontakt", "omraden/styrning"})
VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "counting.json").read_text())

EMPTY = Problem("message", "empty")
UNREADABLE = Problem("message", "unreadable")
MALFORMED = Problem("email", "malformed")
UNNAMED = Problem("other_language", "malformed")

LONGEST_LOCAL_PART = "a" * 64
LONGEST_LABEL = "b" * 63


def form(**fields: str) -> ContactForm:
    return ContactForm.from_fields(fields, PAGES)


def address(length: int) -> str:
    """An address of some length, with every part within its own limit."""
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
        ("a\u030a", "\u00e5"),
        ("  indented\t\n\n", "  indented\t\n\n"),
        ("<b>&amp;'\"\\%s</b>", "<b>&amp;'\"\\%s</b>"),
        ("\u202eright to left\u202c\u200d", "\u202eright to left\u202c\u200d"),
    ],
)
def test_a_message_is_normalised_and_otherwise_unchanged(typed: str, stored: str) -> None:
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
    ids=[
        "word",
        "punctuation",
        "blank lines",
        "letters",
        "emoji",
        "apart",
        "lines",
        "blanks",
        "Arabic",
    ],
)
def test_a_message_of_up_to_five_thousand_characters_is_accepted(message: str) -> None:
    assert form(message=message).problems() == []


@pytest.mark.parametrize("message", ["", " ", "\r\n", " \t\n\u00a0\u3000\u2028 "])
def test_a_blank_message_is_empty(message: str) -> None:
    assert form(message=message).problems() == [EMPTY]
    assert form().problems() == [EMPTY]


@pytest.mark.parametrize("over", [1, 2, 20_000])
def test_a_message_that_is_too_long_says_by_how_much(over: int) -> None:
    too_long = Problem("message", "too-long", over)
    assert form(message="x" * (MESSAGE_LIMIT + over)).problems() == [too_long]
    assert form(message="\r\n" * over + "x" * MESSAGE_LIMIT).problems() == [too_long]


@pytest.mark.parametrize("character", ["\0", chr(0xD800), chr(0xDFFF)])
def test_a_character_that_cannot_be_stored_is_reported(character: str) -> None:
    assert form(message=f"Hej {character} du").problems() == [UNREADABLE]
    assert form(message=character + "x" * MESSAGE_LIMIT).problems() == [UNREADABLE]


@pytest.mark.parametrize(
    "email",
    [
        "",
        "namn@example.se",
        "namn+skola@example.se",
        "n.a-m_n'o@sub.example.se",
        "åsa@example.se",
        "namn@örebro.se",
        "namn@xn--rebro-nua.se",
        "اسم@مثال.com",
        "NAMN@EXAMPLE.SE",
        f"{LONGEST_LOCAL_PART}@{LONGEST_LABEL}.se",
    ],
)
def test_an_address_that_mail_can_reach_is_accepted(email: str) -> None:
    parsed = form(message="Hej", email=email)
    assert parsed.problems() == []
    assert parsed.email == email


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
        "namn\u200b@example.se",
        "na\u202emn@example.se",
        "namn@example\u2066.se",
        "namn\0@example.se",
        "na\ud800mn@example.se",
        "namn@" + "c" * 64 + ".se",
    ],
)
def test_an_address_that_mail_cannot_reach_is_refused_and_kept(email: str) -> None:
    parsed = form(message="Hej", email=email)
    assert parsed.problems() == [MALFORMED]
    assert parsed.email == email


def test_an_address_has_the_length_limit_of_mail() -> None:
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
def test_invisible_characters_around_an_address_are_stripped(before: str, after: str) -> None:
    assert bare(f"{before}namn@example.se{after}") == "namn@example.se"
    assert form(message="Hej", email=f"{before}namn@example.se{after}").problems() == []


@pytest.mark.parametrize("nothing", ["", " ", "\u200e\u200f", "\n \u2066\u2069 \n"])
def test_an_address_without_visible_characters_is_no_address(nothing: str) -> None:
    parsed = form(message="Hej", email=nothing)
    assert parsed.email == ""
    assert parsed.problems() == []


@pytest.mark.parametrize(
    ("chosen", "named", "language"),
    [
        ("", "", ""),
        ("ar", "", "ar"),
        ("other", "", "other"),
        ("other", " Soomaali ", "Soomaali"),
        ("", "ትግርኛ", "ትግርኛ"),
        ("other", "x" * LANGUAGE_LIMIT, "x" * LANGUAGE_LIMIT),
    ],
)
def test_the_language_of_the_answer_is_a_listed_or_a_named_one(
    chosen: str, named: str, language: str
) -> None:
    parsed = form(message="Hej", answer_language=chosen, other_language=named)
    assert parsed.wanted_language == language
    assert parsed.problems() == []


@pytest.mark.parametrize("named", ["x" * (LANGUAGE_LIMIT + 1), "a\0b", f"a{chr(0xD800)}"])
def test_a_malformed_language_name_is_reported_and_kept(named: str) -> None:
    parsed = form(message="Hej", other_language=named)
    assert parsed.problems() == [UNNAMED]
    assert parsed.other_language == named


def test_an_untouched_form_is_empty() -> None:
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
def test_an_unknown_kind_is_ignored(kind: str) -> None:
    parsed = form(message="Hej", kind=kind)
    assert parsed.kind == ""
    assert parsed.problems() == []


@pytest.mark.parametrize("page", sorted(PAGES))
def test_a_report_is_about_one_of_the_pages(page: str) -> None:
    assert form(page=page).page == page


@pytest.mark.parametrize("page", ["/kontakt", "https://example.se/", "arende/1", "kontakt/", "<b>"])
def test_an_unknown_page_is_ignored(page: str) -> None:
    parsed = form(message="Hej", page=page)
    assert parsed.page is None
    assert parsed.problems() == []


def test_no_page_is_not_the_start_page() -> None:
    assert form().page is None
    assert form(page="").page == ""


def test_a_filled_in_trap_is_reported() -> None:
    trap = Problem("form", "trap")
    assert form(message="Hej", website="https://example.com").problems() == [trap]
    assert form(message="Hej", website=" ").problems() == [trap]
    assert form(message="Hej", website="").problems() == []


def test_all_problems_are_reported_in_the_order_of_the_page() -> None:
    parsed = form(message=" ", email="namn@", other_language="x" * 61, website="x")
    assert parsed.problems() == [EMPTY, MALFORMED, UNNAMED, Problem("form", "trap")]


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
    parsed = form(**typed, other="is no field of ours")
    assert parsed.problems()
    assert parsed == ContactForm(**typed)


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
def test_an_address_of_the_form_has_no_personal_data(
    fields: dict[str, str], choice: dict[str, str]
) -> None:
    personal = {"message": "Hej", "email": "namn@example.se", "website": "x"}
    assert form(**personal, **fields).choice == choice
