"""What is done with one case: steps, notes for colleagues, the answer.

All forms of the page are posted to its address; the field ``do`` names the action and perhaps
its object, as in ``rendering:17``. What was done is shown after a redirect. A refused form is
shown again with all that was typed; if it is the answer's, its words are a draft by then.
No case is locked: the page only says that a colleague has it or is writing an answer.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from starlette.exceptions import HTTPException

from portal.cases import answers, handling, notes, references
from portal.cases.answers import Draft, Sending, TooLate
from portal.cases.figures import swedish_day
from portal.cases.handling import REASONS, Action, Changed, Step
from portal.cases.messages import Case, find_case
from portal.cases.notes import NOTE_LIMIT, Author, NoSuchCase, NoSuchMessage
from portal.content.phrases import PHRASES
from portal.staff.accounts import everybody
from portal.web.form_data import number
from portal.web.forms import Problem
from portal.web.requests import Request
from portal.web.resources import Resource, redirect
from portal.web.staff.access import INBOX
from portal.web.staff.answer_form import AnswerForm, staff_text, text_problem
from portal.web.staff.case_page import Shown, show, text_languages

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


async def _find(request: Request, case_number: int | None) -> Case:
    case = await request.database.read(lambda c: find_case(c, case_number))
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


async def _do(request: Request, case: Case, fields: Mapping[str, str]) -> Resource:
    """Do what a posted form says; show the page again if another change came first."""
    action, _, target = fields.get("do", "").partition(":")
    posted = Posted(request, case.number, fields, target)
    try:
        if action in STEPS:
            act, step = STEPS[action], posted.step
            return await _write(posted, action, lambda c: act(c, step))
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
    people = await posted.request.database.read(everybody)
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
    tag = tag if tag in text_languages(posted.request) else None
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
    answer, account_id = number(posted.target), posted.account_id
    try:
        # The hold may be over when the writer's turn comes.
        return await _write(
            posted,
            "take-back",
            lambda c: answers.take_back(c, answer, account_id, datetime.now(UTC)),
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
