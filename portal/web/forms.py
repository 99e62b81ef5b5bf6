"""Forms: what was posted, and what is wrong with it.

A problem is a field and a reason; the template of the form has the words for it. A refused form
carries what was typed into it.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from portal.cases.messages import KINDS, MESSAGE_LIMIT
from portal.content import mail_addresses
from portal.content.characters import INVISIBLE, UNREADABLE, code_characters

LANGUAGE_LIMIT = 60
"""Longer than the name of any language."""
TYPED_LIMIT = 200
"""Characters of a reference or code that are read; room for any spacing."""
_LANGUAGE = re.compile("(?!.{36})[a-z]{2,3}(-[A-Za-z0-9]{2,8})*|other")
_LINE_BREAK = re.compile("[\r\x0b\x0c\x85\u2028\u2029]")
_MARKS = re.compile(r"[^\w\s\x00-\x7f]{31,}")
"""More than 30 characters in a row that are neither ASCII nor letters, digits or spaces, such as
combining marks. Emoji match too, and sorting does not change them."""


@dataclass(frozen=True)
class Problem:
    """Why a form is not accepted.

    ``field`` is the name of a field, or ``form``. ``field`` and ``reason`` select the words in
    the template of the form, such as templates/components/contact_problem.html. ``number`` is
    the count that those words mention.
    """

    field: str
    reason: str
    number: int = 0


@dataclass(frozen=True)
class CaseForm:
    """The form for writing more in a case, as it was filled in."""

    message: str = ""
    website: str = ""
    """A field that people do not see; programs that fill in everything fill it in."""

    @classmethod
    def from_fields(cls, fields: Mapping[str, str]) -> "CaseForm":
        """The form of posted fields, by their names."""
        return cls(normalised(fields.get("message", "")), fields.get("website", ""))

    def problems(self) -> list[Problem]:
        """Everything that is wrong with it, in the order of the page."""
        return _listed(_message_problem(self.message), _trap_problem(self.website))


@dataclass(frozen=True)
class FinderForm:
    """The form that leads to a case, as it was filled in."""

    reference: str = ""
    code: str = ""

    @classmethod
    def from_fields(cls, fields: Mapping[str, str]) -> "FinderForm":
        """The form of posted fields, by their names."""
        return cls(*(fields.get(name, "")[:TYPED_LIMIT] for name in ("reference", "code")))

    def problems(self) -> list[Problem]:
        """A problem for each empty field; ``cases.thread`` finds out whether the pair is right."""
        return [
            Problem(name, "empty") for name, text in vars(self).items() if not code_characters(text)
        ]


class ContactForm(NamedTuple):
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
    """As in ``CaseForm``."""

    @classmethod
    def from_fields(cls, fields: Mapping[str, str], pages: frozenset[str]) -> "ContactForm":
        """The form of posted fields.

        An unknown kind or page is left out, and so is a language that is neither a tag nor
        ``other``.

        Args:
            fields: the posted values by name.
            pages: the slugs that a report can be about.
        """
        kind, page = fields.get("kind", ""), fields.get("page")
        answer_language = fields.get("answer_language", "")
        return cls(
            message=normalised(fields.get("message", "")),
            email=mail_addresses.normalised(fields.get("email", "")),
            answer_language=answer_language if _LANGUAGE.fullmatch(answer_language) else "",
            other_language=fields.get("other_language", ""),
            kind=kind if kind in KINDS else "",
            page=page if page in pages else None,
            website=fields.get("website", ""),
        )

    @property
    def choice(self) -> dict[str, str]:
        """The query of an address that opens the form with the same kind and page."""
        choice = {"kind": self.kind} if self.kind else {}
        return choice if self.page is None else choice | {"page": self.page}

    @property
    def wanted_language(self) -> str:
        """The language wanted for the answer: the person's own word, a tag, ``other``, or empty."""
        if self.answer_language not in {"", "other"} or INVISIBLE.fullmatch(self.other_language):
            return self.answer_language
        return self.other_language.strip()

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been typed or chosen."""
        return self == ContactForm(page=self.page)

    def problems(self) -> list[Problem]:
        """Everything that is wrong with it, in the order of the page."""
        return _listed(
            _message_problem(self.message),
            _email_problem(self.email),
            _language_problem(self.other_language),
            _trap_problem(self.website),
        )


def normalised(text: str) -> str:
    """The text as it is counted and stored.

    Browsers send a line break as two characters, word processors have others of their own,
    and some systems send accents as separate characters. The counter in the page normalises
    in the same way, so both count the same code points (Unicode NFC, UAX 15).
    """
    text = _LINE_BREAK.sub("\n", text.replace("\r\n", "\n"))
    if unicodedata.is_normalized("NFC", text):  # as nearly every text is
        return text
    return unicodedata.normalize("NFC", _MARKS.sub(_in_canonical_order, text))


def _in_canonical_order(marks: re.Match[str]) -> str:
    """Sort marks into the order of NFC, but fast: NFC takes seconds for a hundred thousand."""
    decomposed = "".join(unicodedata.normalize("NFD", mark) for mark in marks[0])
    runs = groupby(decomposed, key=lambda mark: unicodedata.combining(mark) > 0)
    return "".join(
        "".join(sorted(run, key=unicodedata.combining) if combines else run)
        for combines, run in runs
    )


def _listed(*problems: Problem | None) -> list[Problem]:
    return [problem for problem in problems if problem]


def _message_problem(text: str) -> Problem | None:
    if UNREADABLE.search(text):
        return Problem("message", "unreadable")
    if INVISIBLE.fullmatch(text):
        return Problem("message", "empty")
    if len(text) > MESSAGE_LIMIT:
        return Problem("message", "too-long", len(text) - MESSAGE_LIMIT)
    return None


def _email_problem(address: str) -> Problem | None:
    if UNREADABLE.search(address):
        return Problem("email", "unreadable")
    if address and mail_addresses.checked(address) is None:
        return Problem("email", "malformed")
    return None


def _language_problem(name: str) -> Problem | None:
    if UNREADABLE.search(name):
        return Problem("other_language", "unreadable")
    if len(name) > LANGUAGE_LIMIT:
        return Problem("other_language", "malformed")
    return None


def _trap_problem(website: str) -> Problem | None:
    return Problem("form", "trap") if website else None
