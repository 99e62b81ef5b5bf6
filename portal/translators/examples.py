"""Every state of every page, and every letter to guardians, with example values.

Translators see pages here that are hard to reach otherwise: a receipt, a refused form, an
error page. A test fails if there is a text that no example shows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from portal.cases.answers import Answer
from portal.cases.messages import OPEN_STATES, STATES, Case, Message
from portal.cases.thread import Thread, ThreadEntry
from portal.content.facts import Facts
from portal.content.hours import ZONE, Hours, Opening
from portal.content.phrases import GROUPS, phrase_values
from portal.content.words import WORDS
from portal.i18n.checks import Key
from portal.i18n.coverage import Coverage
from portal.i18n.languages import SOURCE, language
from portal.i18n.rendering import Rendered, Renderer, Renderers
from portal.mail import letters
from portal.web.forms import CaseForm, ContactForm, FinderForm, Problem
from portal.web.public.errors import STATUSES
from portal.web.public.pages import BY_SLUG, CONTACT, FINDER, PAGES, Page, render_page

HOURS = Hours.read("mon-fri 08:00-16:30, sat 10:00-14:00")
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=ZONE)
NUMBERS = (1, 2, 3, 6, 7, 11, 21, 100)
"""Numbers for examples. They use every plural form of every language (CLDR), except a form for
0 alone: no text of these examples is shown with 0."""
REFUSED_IN_CASE: Mapping[str, Any] = {
    "form": CaseForm("Hej!"),
    "problems": [Problem("form", "gone"), Problem("form", "full")],
    "private": True,
}

PHRASES: Mapping[str, Any] = {
    "groups": GROUPS,
    "phrase_values": phrase_values(Facts())
    | dict.fromkeys(("representative", "inspectorate"), "…"),
    "private": True,
}


@dataclass(frozen=True)
class Example:
    """A page in one of its states."""

    name: str
    page: Page
    values: Mapping[str, Any] = field(default_factory=dict)
    confirmed: Mapping[str, Any] = field(default_factory=dict)
    """Settings of ``settings.Confirmed`` that this example has."""

    def render(self, renderer: Renderer) -> Rendered:
        """The page of this example in the language of a renderer."""
        confirmed = replace(renderer.renderers.values["confirmed"], **self.confirmed)
        return render_page(renderer, self.page, **{**self.values, "confirmed": confirmed})


@dataclass(frozen=True)
class LetterExample:
    """A letter to a guardian, whose link opens the case or the form that asks for its code."""

    name: str
    kind: str
    asks_for_code: bool = False

    def render(self, renderer: Renderer) -> Rendered:
        """The letter of this example in the language of a renderer."""
        address = renderer.renderers.values["base_url"] + renderer.href("arende")
        return letters.render(
            renderer, self.kind, address=address, asks_for_code=self.asks_for_code
        )


def _case(name: str, state: str, *, email: str = "", **values: Any) -> Example:
    """A case in a state; unless that is open, it has an answer in two languages."""
    came = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    case = Case(
        number=1,
        address_version=1,
        state=state,
        since=came,
        opened_at=came,
        language="sv",
        answer_language="",
        kind="complaint",
        page=None,
        email=email,
        officer_id=None,
        look_again_on=None,
        revision=1,
    )
    message = Message(1, 1, came, "sv", None, "Hej! Mitt barn börjar i förskoleklass.")
    entries = [ThreadEntry.of_message(message)]
    if state not in OPEN_STATES:
        answer = Answer(1, came, came, "Välkomna i augusti.", "Welcome in August.", "en")
        entries.append(ThreadEntry.of_answer(answer))
    thread = Thread(case, entries, is_undelivered=name == "nådde-inte-fram")
    shown = {"case": case, "thread": thread, "code": "ABCDEFGHJKLMN", "form": CaseForm()}
    page = Page("arende/exempel", "case.html", {**shown, "written": False, "private": True})
    return Example(f"arende/{name}", page, values)


def _not_found(reason: str, field: str = "form", number: int = 0) -> Example:
    form, name = FinderForm("ABCD EFGH", ""), f"arende/{reason}-{field}"
    problems = [Problem(field, reason, number)]
    return Example(f"{name}-{number}", FINDER, {"form": form, "problems": problems})


def _refused(reason: str, field: str, number: int = 0) -> Example:
    name = f"kontakt/{field}-{reason}" + (f"-{number}" if number else "")
    form = ContactForm(message="Hej!", email="namn@example", kind="question")
    return Example(name, CONTACT, {"form": form, "problems": [Problem(field, reason, number)]})


def _confirmed(slug: str, state: str, **confirmed: Any) -> Example:
    """A page with a setting that the administration has confirmed."""
    return Example(f"{slug}/{state}", BY_SLUG[slug], confirmed=confirmed)


EXAMPLES: tuple[Example | LetterExample, ...] = (
    *(Example(page.slug, page) for page in PAGES),
    *(
        Example(f"fel/{status}", Page("", "error.html", {"error": status, "private": True}))
        for status in STATUSES
    ),
    Example("klagomal/ord", BY_SLUG["klagomal"], {"page_words": {"klagomal": WORDS[:3]}}),
    Example("kontakt/om-en-sida", CONTACT, {"form": ContactForm(page="ordlista")}),
    Example("kontakt/öppet", CONTACT, {"opening": Opening(True, NOON)}, {"phone_hours": HOURS}),
    Example("kontakt/stängt", CONTACT, {"opening": Opening(False, NOON)}, {"phone_hours": HOURS}),
    Example("ordlista/delvis", BY_SLUG["ordlista"], {"coverage": Coverage(20, 17, 2)}),
    Example("ordlista/inte-än", BY_SLUG["ordlista"], {"not_offered": frozenset({"en", "ar"})}),
    Example("ordlista/saknas", BY_SLUG["ordlista"], {"sought": language(SOURCE)}),
    _refused("malformed", "other_language"),
    _refused("empty", "message"),
    *(_refused("too-long", "message", number) for number in NUMBERS),
    _refused("unreadable", "message"),
    _refused("malformed", "email"),
    _refused("unreadable", "email"),
    _refused("trap", "form"),
    *(_refused("too-many", "form", number) for number in NUMBERS),
    _refused("unsaved", "form"),
    *(_refused(reason, "form") for reason in ("foreign", "too-large", "broken")),
    *(_case(state, state) for state in STATES),
    _case("med-adress", "new", email="namn@example.se", sends_mail=True),
    _case("skrivet", "taken", written=True),
    _case("nådde-inte-fram", "answered", email="namn@example.se"),
    Example("arende/färdiga-meningar", Page("arende/exempel", "phrases.html", {**PHRASES})),
    Example("arende/formulär", Page("arende/exempel", "case_message.html", {**REFUSED_IN_CASE})),
    *(_not_found("empty", field) for field in ("reference", "code")),
    *(_not_found("too-many", number=number) for number in NUMBERS),
    *(_not_found(reason) for reason in ("no-match", "broken", "malformed")),
    *(_confirmed("klagomal", f"svar-inom-{days}", answer_days=days) for days in NUMBERS),
    Example("kontakt/med-e-post", CONTACT, {"sends_mail": True}),
    Example("personuppgifter/med-e-post", BY_SLUG["personuppgifter"], {"sends_mail": True}),
    _confirmed("kontakt", "e-post", email="skola@example.se"),
    _confirmed("personuppgifter", "ombud", protection_officer="ombud@example.se"),
    _confirmed("personuppgifter", "beslut", erasure_decision="GSN 2026-1"),
    _confirmed("personuppgifter", "stadens-sida", city_data_url="https://example.se/"),
    _confirmed("tillganglighet", "helt", access_status="full"),
    _confirmed("tillganglighet", "inte", access_status="none"),
    LetterExample("brev/mottaget", "received"),
    LetterExample("brev/besvarat", "answered"),
    LetterExample("brev/med-kod", "answered", asks_for_code=True),
)


def where_shown(renderers: Renderers) -> dict[Key, list[str]]:
    """Each text with the names of the examples that show it, in the order of the table.

    Args:
        renderers: of at least two languages. Some texts are shown only in a translation,
            such as the link to the Swedish text.
    """
    places: dict[Key, list[str]] = {}
    for example in EXAMPLES:
        texts: dict[Key, None] = {}
        # Swedish, another language, and that language with Swedish alongside.
        for renderer in renderers.all[:3]:
            texts |= dict.fromkeys(sorted(example.render(renderer).texts, key=str))
        for key in texts:
            places.setdefault(key, []).append(example.name)
    return places
