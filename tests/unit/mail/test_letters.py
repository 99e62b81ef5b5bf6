"""A letter is a notice and a link, in its reader's language, and nothing can be put into it."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import html5lib
import pytest

from portal.cases.messages import Case
from portal.cases.outbox import TO_GUARDIANS, TO_STAFF, Letter
from portal.i18n.rendering import Renderers
from portal.i18n.templates import read_renderers
from portal.mail import letters
from portal.mail.letters import CHECK
from portal.settings import Settings
from tests.sink import part

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ENVIRONMENT = {
    "DATABASE_URL": "sqlite:///unused.db",
    "PORTAL_BASE_URL": "https://skola.example.se",
    "PORTAL_SECRET_KEY": "k" * 32,
    "PORTAL_SMTP_URL": "smtp://localhost",
    "PORTAL_MAIL_FROM": "portal@example.org",
    "PORTAL_MAIL_REPLY_TO": "grundskola@example.org",
    "PORTAL_ANSWER_DAYS": "3",
}
ARABIC = re.compile(r"[\u0600-\u06ff]")
LONGEST_PATH = 60
"""Mail programs break longer addresses."""


@pytest.fixture(scope="module")
def renderers() -> Renderers:
    return read_renderers(Settings.read(ENVIRONMENT))


def case(language: str) -> Case:
    return Case(
        number=1,
        address_version=1,
        state="new",
        since=NOON,
        opened_at=NOON,
        language=language,
        answer_language="",
        kind="complaint",
        page=None,
        email="namn@example.org",
        officer_id=None,
        look_again_on=None,
        revision=1,
    )


def letter(kind: str, language: str = "sv", recipient: str = "namn@example.org") -> Letter:
    return Letter(1, kind, 1, recipient, language, "abc", NOON, NOON, 1, None, None, "")


def sent(
    renderers: Renderers, kind: str, language: str = "sv", overdue: int = 0, **environment: str
) -> EmailMessage:
    """A letter as whoever gets it parses it."""
    settings = Settings.read(ENVIRONMENT | environment)
    about = case(language) if kind in ("received", "answered", "word-in-case") else None
    message = letters.message(letter(kind, language), about, renderers, settings, overdue)
    return message_from_bytes(message.as_bytes(), policy=default)


@pytest.mark.parametrize("kind", TO_GUARDIANS)
@pytest.mark.parametrize(("language", "direction"), [("sv", "ltr"), ("en", "ltr"), ("ar", "rtl")])
def test_every_block_states_its_language_and_direction(
    renderers: Renderers, kind: str, language: str, direction: str
) -> None:
    html = part(sent(renderers, kind, language), "html")
    root = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html)
    blocks = [root, *root.iter("body"), *root.iter("div"), *root.iter("p")]
    assert len(blocks) > 8
    for block in blocks:
        assert (block.get("lang"), block.get("dir")) == (language, direction)
    for block in [*root.iter("div"), *root.iter("p")]:
        assert f"direction: {direction}" in block.get("style")
    assert not {"img", "script", "link", "style", "form"} & {node.tag for node in root.iter()}


@pytest.mark.parametrize("kind", TO_GUARDIANS)
@pytest.mark.parametrize("language", ["sv", "en", "ar"])
def test_both_parts_say_the_same_and_have_the_link(
    renderers: Renderers, kind: str, language: str
) -> None:
    message = sent(renderers, kind, language)
    text, html = part(message, "plain"), part(message, "html")
    (address,) = re.findall(r'href="(https:[^"]*)"', html)
    assert address in text.splitlines()  # alone on its line
    assert address.startswith(f"https://skola.example.se/{language}/arende/")
    assert len(address.removeprefix("https://skola.example.se")) <= LONGEST_PATH
    paragraphs = re.findall(r"<p[^>]*>(.*?)</p>", html, re.DOTALL)
    assert len(text.strip().split("\n\n")) == len(paragraphs)
    assert "031-365 09 60" in text
    assert "Grundskoleförvaltningen" in text
    assert "<" not in text
    assert (ARABIC.search(text) is not None) == (language == "ar")


def test_marks_keep_a_telephone_number_together_in_arabic(renderers: Renderers) -> None:
    assert "\u2066031-365 09 60\u2069" in part(sent(renderers, "answered", "ar"), "plain")
    assert "\u2066" not in part(sent(renderers, "answered", "en"), "plain")


@pytest.mark.parametrize("language", ["sv", "en", "ar"])
def test_a_subject_begins_with_a_word_of_its_language(renderers: Renderers, language: str) -> None:
    for kind in TO_GUARDIANS:
        subject = sent(renderers, kind, language)["Subject"]
        assert subject[0].isalpha()
        assert (ARABIC.match(subject) is not None) == (language == "ar")


def test_the_headers_keep_machines_from_answering(renderers: Renderers) -> None:
    message = sent(renderers, "answered", "ar")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert message["Content-Language"] == "ar"
    assert message["Message-ID"] == "<abc@example.org>"
    assert message["Reply-To"] == "grundskola@example.org"
    assert message["From"] == "Grundskoleförvaltningen <portal@example.org>"
    assert message["To"] == "namn@example.org"
    assert message["Date"].datetime == NOON


def test_a_second_attempt_sends_the_same_letter(renderers: Renderers) -> None:
    settings, first = Settings.read(ENVIRONMENT), letter("answered", "ar")
    again = replace(first, attempts=2, not_before=NOON + timedelta(hours=1))
    attempts = [letters.message(each, case("ar"), renderers, settings) for each in (first, again)]
    headers = [{**message} for message in attempts]
    for each in headers:
        del each["Content-Type"]  # with the boundary of the parts
    assert headers[0] == headers[1]
    assert part(attempts[0], "plain") == part(attempts[1], "plain")


def test_lines_are_short_and_ascii(renderers: Renderers) -> None:
    settings = Settings.read(ENVIRONMENT)
    message = letters.message(letter("answered", "ar"), case("ar"), renderers, settings)
    lines = message.as_bytes().split(b"\r\n")
    assert max(map(len, lines)) <= 78
    assert message.as_bytes().isascii()


def test_the_link_may_ask_for_the_code(renderers: Renderers) -> None:
    message = sent(renderers, "answered", "sv", PORTAL_MAIL_LINK="code")
    text = part(message, "plain")
    assert "https://skola.example.se/sv/arende" in text.splitlines()
    assert "referensnummer och en kod" in text
    assert "Visa inte länken" not in text


@pytest.mark.parametrize("kind", [*TO_STAFF, CHECK])
def test_letters_to_staff_are_in_swedish_and_lead_to_the_inbox(
    renderers: Renderers, kind: str
) -> None:
    message = sent(renderers, kind)
    text = part(message, "plain")
    assert message["Content-Language"] == "sv"
    addresses = {"word-in-case": "/inbox/937S7GTV", CHECK: ""}
    address = addresses.get(kind, "/inbox")
    assert [line for line in text.splitlines() if line.startswith("http")] == (
        [f"https://skola.example.se{address}"] if address else []
    )


@pytest.mark.parametrize(
    ("overdue", "words"), [(1, "1 ärende har väntat"), (12, "12 ärenden har väntat")]
)
def test_what_is_overdue_is_only_counted(renderers: Renderers, overdue: int, words: str) -> None:
    assert words in part(sent(renderers, "overdue", overdue=overdue), "plain")


@pytest.mark.parametrize(
    "recipient", ["a@example.org\r\nBcc: b@example.org", "a\nb@example.org", "a@example.org\rX: y"]
)
def test_no_header_can_be_added(renderers: Renderers, recipient: str) -> None:
    with pytest.raises(ValueError, match="CR or LF"):
        letters.message(
            letter("received", recipient=recipient),
            case("sv"),
            renderers,
            Settings.read(ENVIRONMENT),
        )


@pytest.mark.parametrize(
    ("recipient", "in_header"),
    [
        ("namn@göteborg.se", "namn@xn--gteborg-90a.se"),
        ("pelé@example.org", "pelé@example.org"),
        ("o'brien+skola@example.org", "o'brien+skola@example.org"),
        ("a,b@example.org", '"a,b"@example.org'),
    ],
)
def test_unusual_addresses_stand_in_one_header_as_one(
    renderers: Renderers, recipient: str, in_header: str
) -> None:
    settings = Settings.read(ENVIRONMENT)
    message = letters.message(
        letter("received", recipient=recipient), case("sv"), renderers, settings
    )
    (address,) = message["To"].addresses
    assert address.addr_spec == in_header


def test_a_language_that_is_gone_is_replaced_by_swedish(renderers: Renderers) -> None:
    message = sent(renderers, "received", "fa")
    assert message["Content-Language"] == "sv"
