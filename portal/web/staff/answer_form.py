"""The form in which an answer is written, in Swedish and in the guardian's language.

No words are lost: those of every posted form are saved as a draft or sent as an answer.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from portal.cases.answers import ANSWER_LIMIT, Draft, Words, new_key
from portal.cases.messages import Case, Message
from portal.content.characters import CONTROLS, INVISIBLE, ISOLATED, UNREADABLE
from portal.content.phrases import PHRASES, phrase_values
from portal.i18n.languages import SOURCE, is_tag
from portal.i18n.rendering import Renderer, Renderers, fill
from portal.web.form_data import moment, number
from portal.web.forms import Problem, normalised

_KEY = re.compile("[A-Za-z0-9_-]{1,40}")
"""A key of a form; those of ``new_key`` are shorter."""


@dataclass(frozen=True)
class AnswerForm:
    """The form of an answer as it was filled in, and what its page had shown."""

    words: Words
    form_key: str
    base: datetime | None = None
    """When the draft that the form was opened with was saved; None for a new form."""
    revision: int = 0
    """Of the case."""
    latest_message: int = 0
    """The id of the newest message."""
    shown_at: datetime | None = None

    @classmethod
    def new(cls, tag: str) -> Self:
        """An empty form; its second column is in the language of a tag."""
        return cls(Words(language=tag), new_key())

    @classmethod
    def of_draft(cls, draft: Draft) -> Self:
        """The form with the words of a draft."""
        return cls(draft.words, draft.form_key, draft.saved_at)

    @classmethod
    def from_fields(cls, fields: Mapping[str, str]) -> Self:
        """The form of posted fields, by their names."""
        tag, key = fields.get("language", ""), fields.get("form_key", "")
        return cls(
            words=Words(
                swedish=staff_text(fields, "swedish"),
                translated=staff_text(fields, "translated"),
                language=tag if is_tag(tag) else "",
                asks="asks" in fields,
            ),
            form_key=key if _KEY.fullmatch(key) else new_key(),
            base=moment(fields.get("base", "")),
            revision=number(fields.get("revision", "")),
            latest_message=number(fields.get("latest", "")),
            shown_at=moment(fields.get("shown", "")),
        )

    @property
    def is_empty(self) -> bool:
        """Whether neither column has words."""
        words = self.words
        return all(INVISIBLE.fullmatch(text) for text in (words.swedish, words.translated))

    def problems(self) -> list[Problem]:
        """Everything that is wrong with it, in the order of the page."""
        if self.is_empty:
            return [Problem("swedish", "empty")]
        columns = {"swedish": self.words.swedish, "translated": self.words.translated}
        problems = [
            text_problem(name, text, ANSWER_LIMIT, may_be_empty=True)
            for name, text in columns.items()
        ]
        if self.words.translated.strip() and not self.words.language:
            problems.append(Problem("translated", "no-language"))
        return [problem for problem in problems if problem]

    def sent_words(self) -> Words:
        """Its words as they are sent: invisible text, and a language without text, are removed."""
        swedish, translated = (
            "" if INVISIBLE.fullmatch(text) else text.strip()
            for text in (self.words.swedish, self.words.translated)
        )
        tag = self.words.language if translated else ""
        return replace(self.words, swedish=swedish, translated=translated, language=tag)

    def with_phrase(self, name: str, renderers: Renderers) -> Self:
        """The form with a standard sentence added to the columns in whose language it exists."""
        source = renderers.languages.source
        other = renderers.languages.get(self.words.language)
        words = replace(
            self.words, swedish=_joined(self.words.swedish, phrase(name, renderers(source)))
        )
        if other:
            words = replace(
                words, translated=_joined(words.translated, phrase(name, renderers(other)))
            )
        return replace(self, words=words)


def staff_text(fields: Mapping[str, str], name: str) -> str:
    """A text that an officer typed, without control characters, which pasting may add."""
    return CONTROLS.sub("", normalised(fields.get(name, "")))


def text_problem(field: str, text: str, limit: int, may_be_empty: bool = False) -> Problem | None:
    """What is wrong with a text that an officer wrote.

    Args:
        field: the name of its field.
        text: as ``normalised`` gives it.
        limit: characters that it may have.
        may_be_empty: whether nothing needs to be written.
    """
    if UNREADABLE.search(text):
        return Problem(field, "unreadable")
    if len(text) > limit:
        return Problem(field, "too-long", len(text) - limit)
    return None if may_be_empty or not INVISIBLE.fullmatch(text) else Problem(field, "empty")


def phrase(name: str, renderer: Renderer) -> str:
    """A standard sentence as plain text; empty if the language has no translation of it.

    In text from right to left, phone numbers and addresses are isolated (UAX 9).
    """
    source, values = PHRASES[name].text, phrase_values(renderer.renderers.values["facts"])
    words = source if renderer.language.is_source else renderer.catalog.find(source)
    if renderer.language.direction == "rtl":
        values = {key: ISOLATED % value for key, value in values.items()}
    return fill(words, values).unescape() if words else ""


def answer_tags(case: Case, messages: Sequence[Message], renderers: Renderers) -> list[str]:
    """The languages that an answer can have besides Swedish, the likeliest first.

    First the language that the guardian asked for, those of their messages, and that of their
    page; then every language of the portal.
    """
    asked = [case.answer_language] if is_tag(case.answer_language) else []
    written = [message.text_language or message.language for message in reversed(messages)]
    tags = [*asked, *written, case.language, *renderers.languages]
    return [tag for tag in dict.fromkeys(tags) if tag not in {SOURCE, "other"}]


def first_tag(case: Case, tags: Sequence[str], messages: Sequence[Message]) -> str:
    """The language of an answer's second column; empty if the guardian reads Swedish."""
    theirs = {case.language, case.answer_language}
    theirs |= {message.text_language or message.language for message in messages}
    return tags[0] if tags and tags[0] in theirs else ""


def _joined(text: str, more: str) -> str:
    return "\n\n".join(filter(None, (text.rstrip(), more)))
