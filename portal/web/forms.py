"""Posted fields become a form, or a list of problems.

Nothing here knows a language: a problem is a field and a reason, and the page
finds the words for it. Nothing typed is ever dropped: a refused form carries all
that it was given.
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


@dataclass(frozen=True)
class Problem:
    """What keeps a form from being accepted.

    ``field`` is the name of a field, or ``form``; with ``reason`` it names the words
    that templates/components/field.html has for it. ``number`` is what they count.
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
    """The language wanted for the answer: a tag of one of ours, or ``other``."""
    other_language: str = ""
    """What that other language is called."""
    kind: str = ""
    page: str | None = None
    """The page that a report of a fault is about."""
    website: str = ""
    """A field that people do not meet; programs that fill in everything do."""

    @classmethod
    def from_fields(cls, fields: Mapping[str, str], pages: frozenset[str]) -> "ContactForm":
        """The form of posted fields; what is not one of the choices is left out.

        Args:
            fields: the posted values by name.
            pages: the slugs that a report can be about.
        """
        kind, page = fields.get("kind", ""), fields.get("page")
        wanted = fields.get("answer_language", "")
        return cls(
            message=normalised(fields.get("message", "")),
            email=bare(fields.get("email", "")),
            answer_language=wanted if _LANGUAGE.fullmatch(wanted) else "",
            other_language=fields.get("other_language", ""),
            kind=kind if kind in KINDS else "",
            page=page if page in pages else None,
            website=fields.get("website", ""),
        )

    @property
    def choice(self) -> dict[str, str]:
        """What of it can stand in an address: no word of the person's own."""
        choice = {"kind": self.kind} if self.kind else {}
        return choice if self.page is None else choice | {"page": self.page}

    @property
    def wanted_language(self) -> str:
        """The language for the answer, in one word or the person's own."""
        return self.other_language.strip() or self.answer_language

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been typed or chosen."""
        return self == ContactForm(page=self.page)

    def problems(self) -> list[Problem]:
        """Everything that is wrong with it, in the order of the page."""
        found = [
            _message_problem(self.message),
            _email_problem(self.email),
            _language_problem(self.other_language),
        ]
        if self.website:
            found.append(Problem("form", "trap"))
        return [problem for problem in found if problem]


def normalised(text: str) -> str:
    """The text as it is counted and kept.

    Browsers send a line break as two characters and some systems send accents as
    characters of their own; after this a character is a code point for the
    counter and for the server alike (Unicode NFC, UAX 15).
    """
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def bare(address: str) -> str:
    """An address without the spaces and invisible marks that copying puts around it."""
    start, end = 0, len(address)
    while start < end and _is_invisible(address[start]):
        start += 1
    while end > start and _is_invisible(address[end - 1]):
        end -= 1
    return address[start:end]


def _is_invisible(sign: str) -> bool:
    return sign.isspace() or unicodedata.category(sign) in {"Cc", "Cf"}


def _is_unreadable(text: str) -> bool:
    """Whether it holds NUL, or half a character: neither can be kept."""
    try:
        return b"\0" in text.encode()
    except UnicodeEncodeError:
        return True


def _message_problem(text: str) -> Problem | None:
    if all(map(_is_invisible, text)) and "\0" not in text:
        return Problem("message", "empty")
    if _is_unreadable(text):
        return Problem("message", "unreadable")
    if len(text) > MESSAGE_LIMIT:
        return Problem("message", "too-long", len(text) - MESSAGE_LIMIT)
    return None


def _email_problem(address: str) -> Problem | None:
    if not address:
        return None
    from email_validator import EmailNotValidError, validate_email

    malformed = Problem("email", "malformed")
    if len(address) > EMAIL_LIMIT or any(map(_is_invisible, address)):
        return malformed
    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        return malformed
    return None


def _language_problem(name: str) -> Problem | None:
    if len(name) > LANGUAGE_LIMIT or _is_unreadable(name):
        return Problem("other_language", "malformed")
    return None
