"""Posted fields become a form, or a list of problems.

Nothing here knows a language: a problem is a field and a reason, and the page
has the words for it. Nothing typed is ever dropped: a refused form carries all
that was typed into it.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from portal.cases.messages import KINDS, MESSAGE_LIMIT

LANGUAGE_LIMIT = 60
"""Longer than the name of any language."""
EMAIL_LIMIT = 254
"""The longest address that mail can carry (RFC 5321, 4.5.3.1.3, less its brackets)."""

_LANGUAGE = re.compile("[a-z]{2,3}(-[A-Za-z0-9]{2,8})*|other")
_UNREADABLE = re.compile("[\0\ud800-\udfff\ufffd]")
PLAIN_EMAIL = re.compile(
    r"(?=.{1,64}@)[a-z0-9_+-]+(\.[a-z0-9_+-]+)*@([a-z0-9](-?[a-z0-9]){0,31}\.)+[a-z]{2,3}"
)
"""Plain addresses, all of which email-validator accepts and leaves unchanged.

It takes 20 to 27 µs for such an address, the pattern 1 µs; it is asked about all others.
No special-use domain (RFC 6761) ends in so few letters.
"""


@dataclass(frozen=True)
class Problem:
    """Why a form is not accepted.

    ``field`` is the name of a field, or ``form``; field and ``reason`` select the words
    in templates/components/field.html. ``number`` is what the words count.
    """

    field: str
    reason: str
    number: int = 0


@dataclass(frozen=True)
class ContactForm:
    """The contact form as it was filled in."""

    message: str = ""
    email: str = ""
    answer_language: str = ""
    """The language wanted for the answer: a language tag, or ``other``."""
    other_language: str = ""
    """The person's own word for that other language."""
    kind: str = ""
    page: str | None = None
    """The page that a report of a fault is about."""
    website: str = ""
    """A field that people do not see; programs that fill in everything fill it in."""

    @classmethod
    def from_fields(cls, fields: Mapping[str, str], pages: frozenset[str]) -> "ContactForm":
        """The form of posted fields; what is not one of the choices is left out.

        Args:
            fields: the posted values by name.
            pages: the slugs that a report can be about.
        """
        kind, page = fields.get("kind", ""), fields.get("page")
        answer_language = fields.get("answer_language", "")
        return cls(
            message=normalised(fields.get("message", "")),
            email=bare(fields.get("email", "")),
            answer_language=answer_language if _LANGUAGE.fullmatch(answer_language) else "",
            other_language=fields.get("other_language", ""),
            kind=kind if kind in KINDS else "",
            page=page if page in pages else None,
            website=fields.get("website", ""),
        )

    @property
    def choice(self) -> dict[str, str]:
        """What may stand in an address, as its query: no word of the person's own."""
        choice = {"kind": self.kind} if self.kind else {}
        return choice if self.page is None else choice | {"page": self.page}

    @property
    def wanted_language(self) -> str:
        """The language wanted for the answer: the person's own word for it, or a tag."""
        return self.other_language.strip() or self.answer_language

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been typed or chosen."""
        return self == ContactForm(page=self.page)

    def problems(self) -> list[Problem]:
        """Everything that is wrong with it, in the order of the page."""
        problems = [
            _message_problem(self.message),
            _email_problem(self.email),
            _language_problem(self.other_language),
            Problem("form", "trap") if self.website else None,
        ]
        return [problem for problem in problems if problem]


def normalised(text: str) -> str:
    """The text as it is counted and stored.

    Browsers send a line break as two characters and some systems send accents as
    characters of their own; after this a character is a code point for the
    counter and for the server alike (Unicode NFC, UAX 15).
    """
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def bare(address: str) -> str:
    """An address without the spaces and invisible characters that copying puts around it."""
    start, end = 0, len(address)
    while start < end and _is_invisible(address[start]):
        start += 1
    while end > start and _is_invisible(address[end - 1]):
        end -= 1
    return address[start:end]


def _is_invisible(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in {"Cc", "Cf"}


def _is_unreadable(text: str) -> bool:
    """Whether a text holds what cannot be stored, or what stands in the place of such a character.

    NUL and half of a surrogate pair cannot be stored. U+FFFD is what bytes that are not
    UTF-8 became, and what a page shows instead of all of these.
    """
    return _UNREADABLE.search(text) is not None


def _message_problem(text: str) -> Problem | None:
    if all(map(_is_invisible, text)) and "\0" not in text:
        return Problem("message", "empty")
    if _is_unreadable(text):
        return Problem("message", "unreadable")
    if len(text) > MESSAGE_LIMIT:
        return Problem("message", "too-long", len(text) - MESSAGE_LIMIT)
    return None


def _email_problem(address: str) -> Problem | None:
    malformed = Problem("email", "malformed")
    if _is_unreadable(address):
        return Problem("email", "unreadable")
    if len(address) > EMAIL_LIMIT:
        return malformed
    if not address or PLAIN_EMAIL.fullmatch(address):
        return None
    if any(map(_is_invisible, address)):
        return malformed
    from email_validator import EmailNotValidError, validate_email

    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        return malformed
    return None


def _language_problem(name: str) -> Problem | None:
    if _is_unreadable(name):
        return Problem("other_language", "unreadable")
    if len(name) > LANGUAGE_LIMIT:
        return Problem("other_language", "malformed")
    return None
