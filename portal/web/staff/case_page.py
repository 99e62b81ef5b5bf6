"""The page of a case for staff: the thread, the history, and forms as they were filled in."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from starlette.exceptions import HTTPException

from portal.cases import answers, handling, history, notes, outbox, references
from portal.cases.addresses import case_code
from portal.cases.answers import ANSWER_LIMIT, Answer, Draft, StaffAnswer
from portal.cases.handling import REASONS
from portal.cases.history import HistoryEntry
from portal.cases.messages import Case, Message, find_case, messages_of
from portal.cases.notes import NOTE_LIMIT, Rendering
from portal.cases.thread import ThreadEntry
from portal.content.phrases import GROUPS
from portal.i18n.languages import is_tag, language
from portal.staff.accounts import everybody
from portal.web.form_data import number
from portal.web.forms import Problem
from portal.web.requests import Request
from portal.web.resources import Resource
from portal.web.staff.access import staff_page
from portal.web.staff.answer_form import AnswerForm, answer_tags, first_tag
from portal.web.staff.secrecy import Mark, marks

_COMMON_LANGUAGES = (
    *("ar", "bs", "bg", "ckb", "de", "en", "es", "fa", "fi", "fr", "hr", "ka", "kmr", "ku"),
    *("pl", "prs", "ps", "pt", "ro", "rom", "ru", "so", "sq", "sr", "sv", "th", "ti", "tr"),
    *("uk", "ur", "vi", "zh"),
)
"""Languages that many guardians write, whether or not the portal has pages in them."""


@dataclass(frozen=True)
class Written:
    """A message or an answer as staff see it."""

    written_at: datetime
    message: Message | None = None
    marks: Sequence[Mark] = ()
    renderings: Sequence[Rendering] = ()
    answer: StaffAnswer | None = None

    @property
    def passages(self) -> Sequence[Any]:
        """Its texts with their languages and directions, as the guardian sees them."""
        if self.message:
            return ThreadEntry.of_message(self.message).passages
        return ThreadEntry.of_answer(self.answer).passages if self.answer else ()


class Event(NamedTuple):
    """An entry of the history as the page shows it."""

    entry: HistoryEntry
    about: str
    """The colleague, the other case or the reason; empty if there is none."""

    @classmethod
    def of(cls, entry: HistoryEntry, names: Mapping[int, str]) -> "Event":
        """An entry, with the words for its detail."""
        detail = handling.detail_of(entry.detail)
        about = ""
        if entry.action == "hand-over":
            about = names.get(number(detail.get("reason", "")), "")
        elif entry.action in {"link", "unlink"}:
            about = references.reference(number(detail.get("case", "")))
        elif entry.action == "set-aside":
            about = detail.get("reason", "")
        return cls(entry, about)


@dataclass(frozen=True)
class Shown:
    """What the page shows besides the case: why a form was refused, what was typed."""

    problems: Sequence[Problem] = ()
    typed: Mapping[str, str] = field(default_factory=dict)
    answer: AnswerForm | None = None
    """The answer as it was typed; None: the draft that the address names, or the newest."""
    notice: str = ""
    """What happened; selects words of the template."""
    status: int = 200


CHOICES = {
    "reasons": REASONS,
    "groups": GROUPS,
    "answer_limit": ANSWER_LIMIT,
    "note_limit": NOTE_LIMIT,
}
"""The choices of the page's forms, and their limits."""


def text_languages(request: Request) -> list[str]:
    """The tags that an officer can choose when correcting the language of a text."""
    return sorted({*_COMMON_LANGUAGES, *request.edition.languages})


async def show(request: Request, case_number: int, shown: Shown) -> Resource:
    """The page of a case; the reading is recorded in its history."""
    now, account = datetime.now(UTC), request.state.account
    renderers, database = request.edition.renderers, request.database
    values = await database.read(lambda c: _read(c, case_number, account.id))
    if (case := values["case"]) is None:
        raise HTTPException(404)
    messages, drafts = values["messages"], values["drafts"]
    if not history.has_read(values["entries"], account.id, now):
        await database.write(lambda c: history.record_reading(c, account.id, case_number, now))
    tags = answer_tags(case, messages, renderers)
    form, other_drafts = _form(request, shown, drafts, first_tag(case, tags, messages))
    form_tag = form.words.language
    names = {person.id: person.full_name for person in values["people"]}
    values |= {
        "code": case_code(request.settings.secret_key, case.number, case.address_version),
        "now": now,
        "news": [
            entry
            for entry in values["written"]
            if form.shown_at and entry.written_at > form.shown_at
        ],
        "names": names,
        "events": [Event.of(entry, names) for entry in values["entries"]],
        "held": [a for a in values["sent"] if a.can_be_taken_back(account.id, now)],
        "form": form,
        "form_tag": form_tag,
        "direction": language(form_tag).direction if form_tag else "ltr",
        "other_drafts": other_drafts,
        "tags": [*dict.fromkeys([*filter(None, [form_tag]), *tags])],
        "latest_message": messages[-1].id,
        "preview": _preview(request, case, form),
        "wanted_tag": case.answer_language if is_tag(case.answer_language) else "",
    }
    values["text_languages"] = text_languages(request)
    values["typed"] = defaultdict(str, shown.typed)
    return staff_page(request, "case.html", **{**vars(shown), **CHOICES, **values})


def _read(connection: Any, case_number: int, account_id: int) -> dict[str, Any]:
    """What the page needs of a case, by the names in its template."""
    messages = messages_of(connection, case_number)
    sent = answers.answers_of(connection, case_number)
    renderings = notes.renderings_of(connection, case_number)
    undoable = handling.undoable(connection, [case_number], account_id)
    return {
        "case": find_case(connection, case_number),
        "messages": messages,
        "written": _thread(messages, sent, renderings),
        "drafts": answers.drafts_of(connection, case_number, account_id),
        "sent": sent,
        "entries": history.of_case(connection, case_number),
        "case_notes": notes.notes_of(connection, case_number),
        "links": notes.links_of(connection, case_number),
        "undelivered": outbox.failed_to_guardian(connection, case_number),
        "other_authors": answers.other_authors(connection, case_number, account_id),
        "undoable": undoable.get(case_number),
        "people": everybody(connection),
    }


def _form(
    request: Request, shown: Shown, drafts: Sequence[Draft], tag: str
) -> tuple[AnswerForm, Sequence[Draft]]:
    """The form of the answer, and the other drafts.

    If no answer was typed, the form has the draft that the address names, or the newest one.
    """
    form = shown.answer
    if form is None and drafts:
        key = request.query_params.get("draft")
        chosen = next((draft for draft in drafts if draft.form_key == key), drafts[0])
        form = AnswerForm.of_draft(chosen)
    form = form or AnswerForm.new(tag)
    return form, [draft for draft in drafts if draft.form_key != form.form_key]


def _thread(
    messages: Sequence[Message],
    sent: Sequence[StaffAnswer],
    renderings: Sequence[Rendering],
) -> list[Written]:
    """All that is written in a case, in order."""
    written = [
        Written(
            message.received_at,
            message,
            marks(message.text),
            [rendering for rendering in renderings if rendering.message_id == message.id],
        )
        for message in messages
    ]
    written += [Written(answer.visible_at, answer=answer) for answer in sent]
    return sorted(written, key=lambda entry: entry.written_at)


def _preview(request: Request, case: Case, form: AnswerForm) -> dict[str, Any] | None:
    """The answer as its reader will see it, in the language of the case."""
    if "preview" not in request.query_params or form.problems():
        return None
    renderers, words, now = request.edition.renderers, form.sent_words(), datetime.now(UTC)
    reader = renderers.languages.get(case.language, renderers.languages.source)
    answer = Answer(0, now, now, words.swedish, words.translated, words.language)
    page = renderers(reader).render("staff/preview.html", entries=[ThreadEntry.of_answer(answer)])
    return {"language": reader, "html": page.html}
