"""One case: its thread, what is done with it, the answer to it, and notes for colleagues.

All forms of the page are posted to its address; the field ``do`` names the action and perhaps
its object, as in ``rendering:17``. What was done is shown after a redirect. A refused form is
shown again with all that was typed; the words of an answer have been saved as a draft by then.
No case is locked: the page only says that a colleague has it or is writing an answer.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from starlette.exceptions import HTTPException

from portal.cases import answers, handling, history, notes, outbox, references
from portal.cases.addresses import case_code
from portal.cases.answers import ANSWER_LIMIT, Answer, Draft, Sending, StaffAnswer, TooLate
from portal.cases.figures import swedish_day
from portal.cases.handling import REASONS, Action, Changed, Step
from portal.cases.history import HistoryEntry
from portal.cases.messages import Case, Message, find_case, messages_of
from portal.cases.notes import NOTE_LIMIT, Author, NoSuchCase, NoSuchMessage, Rendering
from portal.cases.thread import ThreadEntry
from portal.content.phrases import GROUPS, PHRASES
from portal.i18n.languages import is_tag, language
from portal.staff.accounts import everybody
from portal.web.form_data import number
from portal.web.forms import Problem
from portal.web.requests import Request
from portal.web.resources import Resource, redirect
from portal.web.staff.access import INBOX, staff_page
from portal.web.staff.answer_form import (
    AnswerForm,
    answer_tags,
    first_tag,
    staff_text,
    text_problem,
)
from portal.web.staff.secrecy import Mark, marks

TEXT_LANGUAGES = (
    *("ar", "bs", "bg", "ckb", "de", "en", "es", "fa", "fi", "fr", "hr", "ka", "kmr", "ku"),
    *("pl", "prs", "ps", "pt", "ro", "rom", "ru", "so", "sq", "sr", "sv", "th", "ti", "tr"),
    *("uk", "ur", "vi", "zh"),
)
"""The languages to which an officer can correct that of a text."""
STEPS: Mapping[str, Action] = {
    "take": handling.take,
    "give-back": handling.give_back,
    "close": handling.close,
    "reopen": handling.reopen,
    "withdraw-address": handling.withdraw_address,
    handling.UNDO: handling.undo,
}
"""Actions that need no input besides the case."""
PHRASE_IN_SWEDISH = "phrase-in-swedish"
"""The notice when a standard sentence is not translated into the language of the answer."""


@dataclass(frozen=True)
class Posted:
    """A form of the page that was posted, and its case."""

    request: Request
    number: int
    fields: Mapping[str, str]
    target: str
    """What follows the colon in ``do``."""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def account_id(self) -> int:
        """The account of the officer who posted it."""
        return int(self.request.state.account.id)

    @property
    def step(self) -> Step:
        """The step with the case as the form showed it."""
        revision = number(self.fields.get("revision", ""))
        return Step(self.number, revision, self.account_id, self.now)

    @property
    def author(self) -> Author:
        """The officer who posted it, as the author of a note."""
        return Author(self.number, self.account_id, self.now)

    def text(self, name: str) -> str:
        """A text that was typed."""
        return staff_text(self.fields, name)


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
    """The answer as it was typed; None: the newest draft is shown."""
    notice: str = ""
    """What happened; selects words of the template."""
    status: int = 200


CHOICES = {
    "text_languages": TEXT_LANGUAGES,
    "reasons": REASONS,
    "groups": GROUPS,
    "answer_limit": ANSWER_LIMIT,
    "note_limit": NOTE_LIMIT,
}
"""The choices of the page's forms, and their limits."""


async def respond(request: Request) -> Resource:
    """Show a case, or do something with it.

    Raises:
        HTTPException: 404 if there is no such case.
    """
    case_number = references.number(request.path_params["reference"])
    if request.method == "POST":
        return await _do(request, await _find(request, case_number), await request.fields())
    case = await _find(request, case_number)
    if request.path_params["reference"] != case.reference:
        return redirect(f"{INBOX}/{case.reference}", 308)
    if typed := request.state.typed:
        return await _show_typed(request, case, typed)
    done = request.query_params.get("done", "")
    notice = done if done in {answers.SEND, PHRASE_IN_SWEDISH, *STEPS, *FORM_HANDLERS} else ""
    return await show(request, case.number, Shown(notice=notice))


async def show(request: Request, case_number: int, shown: Shown) -> Resource:
    """The page of a case; the reading is recorded in its history."""
    now, account = datetime.now(UTC), request.state.account
    renderers, database = request.edition.renderers, request.database
    async with database.reading() as connection:
        case = await find_case(connection, case_number)
        if case is None:
            raise HTTPException(404)
        messages = await messages_of(connection, case_number)
        drafts = await answers.drafts_of(connection, case_number, account.id)
        values = await _read(connection, case_number, account.id, messages)
    if not history.has_read(values["entries"], account.id, now):
        await database.write(
            lambda c: history.record(c, account.id, case_number, history.READ, "", now)
        )
    tags = answer_tags(case, messages, renderers)
    form, other_drafts = _form(request, shown, drafts, first_tag(case, tags, messages))
    form_tag = form.words.language
    names = {person.id: person.full_name for person in values["people"]}
    values |= {
        "case": case,
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
    values["typed"] = defaultdict(str, shown.typed)
    return staff_page(request, "case.html", **{**vars(shown), **CHOICES, **values})


async def _read(
    connection: Any, case_number: int, account_id: int, messages: Sequence[Message]
) -> dict[str, Any]:
    """What the page shows of a case besides the case itself, by the names in its template."""
    sent = await answers.answers_of(connection, case_number)
    renderings = await notes.renderings_of(connection, case_number)
    undoable = await handling.undoable(connection, [case_number], account_id)
    return {
        "written": _thread(messages, sent, renderings),
        "sent": sent,
        "entries": await history.of_case(connection, case_number),
        "case_notes": await notes.notes_of(connection, case_number),
        "links": await notes.links_of(connection, case_number),
        "undelivered": await outbox.undelivered(connection, case_number),
        "other_authors": await answers.other_authors(connection, case_number, account_id),
        "undoable": undoable.get(case_number),
        "people": await everybody(connection),
    }


async def _find(request: Request, case_number: int | None) -> Case:
    async with request.database.reading() as connection:
        case = await find_case(connection, case_number)
    if case is None:
        raise HTTPException(404)
    return case


async def _show_typed(request: Request, case: Case, typed: Mapping[str, str]) -> Resource:
    """The page with a form whose sender had to sign in again before it could be handled."""
    form = None
    if "form_key" in typed:
        posted = Posted(request, case.number, typed, "")
        form = await _keep(posted, AnswerForm.from_fields(typed))
    return await show(request, case.number, Shown(typed=typed, answer=form, notice="signed-in"))


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


async def _do(request: Request, case: Case, fields: Mapping[str, str]) -> Resource:
    """Do what a posted form says; show the page again if another change came first."""
    action, _, target = fields.get("do", "").partition(":")
    posted = Posted(request, case.number, fields, target)
    try:
        if action in STEPS:
            take, step = STEPS[action], posted.step
            return await _write(posted, action, lambda connection: take(connection, step))
        if action in FORM_HANDLERS:
            return await FORM_HANDLERS[action](posted)
    except Changed:
        return await _refuse(posted, "changed", status=409)
    except NoSuchMessage:
        raise HTTPException(404) from None
    raise HTTPException(400)


async def _write(posted: Posted, done: str, job: Callable[[Any], Any]) -> Resource:
    """Write to the database, and redirect to the page that says what was done."""
    await posted.request.database.write(job)
    return _done(posted, done)


def _done(posted: Posted, done: str) -> Resource:
    return redirect(f"{INBOX}/{references.reference(posted.number)}?done={done}#done", 303)


async def _refuse(
    posted: Posted, notice: str = "", *problems: Problem, status: int = 422
) -> Resource:
    shown = Shown(problems, posted.fields, notice=notice, status=status)
    return await show(posted.request, posted.number, shown)


async def _hand_over(posted: Posted) -> Resource:
    officer = number(posted.fields.get("officer", ""))
    async with posted.request.database.reading() as connection:
        people = await everybody(connection)
    if not any(person.id == officer and not person.disabled_at for person in people):
        return await _refuse(posted, "", Problem("officer", "empty"))
    step = posted.step
    return await _write(posted, "hand-over", lambda c: handling.hand_over(c, step, officer))


async def _set_aside(posted: Posted) -> Resource:
    reason, step = posted.fields.get("reason", ""), posted.step
    if reason not in REASONS:
        return await _refuse(posted, "", Problem("reason", "empty"))
    return await _write(posted, "set-aside", lambda c: handling.set_aside(c, step, reason))


async def _look_again(posted: Posted) -> Resource:
    """Store on which day to look again; ``look-again:never`` removes the day."""
    step, day = posted.step, None
    if posted.target != "never":
        try:
            day = date.fromisoformat(posted.fields.get("day", "").strip())
        except ValueError:
            return await _refuse(posted, "", Problem("day", "malformed"))
        if day <= swedish_day(posted.now):
            return await _refuse(posted, "", Problem("day", "past"))
    return await _write(posted, "look-again", lambda c: handling.look_again(c, step, day))


async def _add_note(posted: Posted) -> Resource:
    text, author = posted.text("note"), posted.author
    if problem := text_problem("note", text, NOTE_LIMIT):
        return await _refuse(posted, "", problem)
    return await _write(posted, "note", lambda c: notes.add_note(c, author, text))


async def _render(posted: Posted) -> Resource:
    text, author, message = posted.text("rendering"), posted.author, number(posted.target)
    if problem := text_problem("rendering", text, NOTE_LIMIT):
        return await _refuse(posted, "", replace(problem, field=f"rendering-{message}"))
    return await _write(posted, "rendering", lambda c: notes.render(c, author, message, text))


async def _correct_language(posted: Posted) -> Resource:
    tag, author, message = posted.fields.get("tag"), posted.author, number(posted.target)
    tag = tag if tag in TEXT_LANGUAGES else None
    return await _write(
        posted, "language", lambda c: notes.correct_language(c, author, message, tag)
    )


async def _link(posted: Posted) -> Resource:
    other, author = references.number(posted.fields.get("other", "")[:200]), posted.author
    try:
        return await _write(posted, "link", lambda c: notes.link(c, author, other))
    except NoSuchCase:
        return await _refuse(posted, "", Problem("other", "no-case"))


async def _unlink(posted: Posted) -> Resource:
    other, author = references.number(posted.target), posted.author
    return await _write(posted, "unlink", lambda c: notes.unlink(c, author, other))


async def _keep(posted: Posted, form: AnswerForm) -> AnswerForm:
    """Save the words of a form as a draft; returns the form of this draft."""
    draft = Draft(form.form_key, form.words, posted.now)
    saved = await posted.request.database.write(
        lambda c: answers.save_draft(c, posted.number, posted.account_id, draft, form.base)
    )
    return replace(form, form_key=saved.form_key, base=saved.saved_at)


async def _save(posted: Posted) -> Resource:
    form = await _keep(posted, AnswerForm.from_fields(posted.fields))
    return _lead_to(posted, form, "done=save", "done")


async def _insert_phrase(posted: Posted) -> Resource:
    form, name = AnswerForm.from_fields(posted.fields), posted.fields.get("phrase", "")
    if name not in PHRASES:
        form = await _keep(posted, form)
        return await _refuse_answer(posted, form, [Problem("phrase", "empty")])
    longer = form.with_phrase(name, posted.request.edition.renderers)
    is_partial = form.words.language and longer.words.translated == form.words.translated
    done = PHRASE_IN_SWEDISH if is_partial else "phrase"
    return _lead_to(posted, await _keep(posted, longer), f"done={done}", "answer")


async def _show_preview(posted: Posted) -> Resource:
    form = await _keep(posted, AnswerForm.from_fields(posted.fields))
    if problems := form.problems():
        return await _refuse_answer(posted, form, problems)
    return _lead_to(posted, form, "preview=yes", "preview")


async def _send(posted: Posted) -> Resource:
    """Send an answer; if it cannot be sent, save its words as a draft."""
    form, settings = AnswerForm.from_fields(posted.fields), posted.request.settings
    if problems := form.problems():
        return await _refuse_answer(posted, await _keep(posted, form), problems)
    sending = Sending(
        step=posted.step,
        latest_message=form.latest_message,
        form_key=form.form_key,
        base=form.base,
        words=form.sent_words(),
        hold=timedelta(seconds=settings.answer_hold_seconds),
        is_announced=settings.staff_mailbox is not None,
    )
    try:
        await posted.request.database.write(lambda c: answers.send(c, sending))
    except Changed:
        return await _refuse_answer(posted, await _keep(posted, form), [], "conflict", 409)
    return _done(posted, "answer")


async def _refuse_answer(
    posted: Posted,
    form: AnswerForm,
    problems: Sequence[Problem],
    notice: str = "",
    status: int = 422,
) -> Resource:
    shown = Shown(problems, posted.fields, form, notice, status)
    return await show(posted.request, posted.number, shown)


async def _take_back(posted: Posted) -> Resource:
    answer, account_id, now = number(posted.target), posted.account_id, posted.now
    try:
        return await _write(
            posted, "take-back", lambda c: answers.take_back(c, answer, account_id, now)
        )
    except TooLate:
        return await _refuse(posted, "too-late", status=409)


async def _discard(posted: Posted) -> Resource:
    case_number, account_id, key = posted.number, posted.account_id, posted.target
    return await _write(
        posted, "discard", lambda c: answers.discard(c, case_number, account_id, key)
    )


def _lead_to(posted: Posted, form: AnswerForm, query: str, fragment: str) -> Resource:
    """Redirect to the page with the form of a draft."""
    address = f"{INBOX}/{references.reference(posted.number)}"
    return redirect(f"{address}?draft={form.form_key}&{query}#{fragment}", 303)


FORM_HANDLERS: Mapping[str, Callable[[Posted], Awaitable[Resource]]] = {
    "hand-over": _hand_over,
    "set-aside": _set_aside,
    "look-again": _look_again,
    "note": _add_note,
    "rendering": _render,
    "language": _correct_language,
    "link": _link,
    "unlink": _unlink,
    "save": _save,
    "phrase": _insert_phrase,
    "preview": _show_preview,
    "send": _send,
    "take-back": _take_back,
    "discard": _discard,
}
"""What handles the other forms of the page, by the first word of ``do``."""
