"""Every state in which readers can meet a page, with example values.

Pages are easy to find; a receipt, a refused form and an error are not. Translators
see all of them here, and a text that no state shows is a hole in this table.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from portal.checks import Key
from portal.coverage import Coverage
from portal.hours import ZONE, Hours, Opening
from portal.languages import SOURCE, language
from portal.messages import Message
from portal.rendering import Renderer, Renderers
from portal.web.errors import STATUSES
from portal.web.forms import ContactForm, Problem
from portal.web.pages import CONTACT, PAGES, Page, rendered

HOURS = Hours.read("mon-fri 08:00-16:30, sat 10:00-14:00")
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=ZONE)
NUMBERS = (1, 2, 3, 11, 100)
"""With 0, one for each plural form of every language."""


@dataclass(frozen=True)
class State:
    """A page as a reader may meet it."""

    name: str
    page: Page
    values: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the administration is taken to have confirmed."""

    def render(self, renderer: Renderer) -> str:
        """The page in this state."""
        known: Any = renderer.environment.globals["facts"]
        facts = replace(known, **self.facts)
        return rendered(renderer, self.page, **{**self.values, "facts": facts})


def _receipt(name: str, email: str = "", **facts: Any) -> State:
    received = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    text = "Hej! Mitt barn börjar i förskoleklass."
    message = Message(
        text, email, "question", None, "sv", reference="ABCDEFGH", code="code", received_at=received
    )
    page = Page("arende/exempel", "case.html", {"message": message, "private": True})
    return State(f"arende/{name}", page, facts=facts)


def _refused(reason: str, field: str, number: int = 0) -> State:
    name = f"kontakt/{field}-{reason}" + (f"-{number}" if number else "")
    form = ContactForm(message="Hej!", email="namn@example", kind="question")
    return State(name, CONTACT, {"form": form, "problems": [Problem(field, reason, number)]})


def _confirmed(slug: str, what: str, **facts: Any) -> State:
    """A page once the administration has confirmed something."""
    return State(f"{slug}/{what}", BY_SLUG[slug], facts=facts)


BY_SLUG = {page.slug: page for page in PAGES}

STATES = (
    *(State(page.slug, page) for page in PAGES),
    *(
        State(f"fel/{status}", Page("", "error.html", {"error": status, "private": True}))
        for status in STATUSES
    ),
    State("kontakt/om-en-sida", CONTACT, {"form": ContactForm(page="ordlista")}),
    State("kontakt/öppet", CONTACT, {"opening": Opening(True, NOON)}, {"phone_hours": HOURS}),
    State("kontakt/stängt", CONTACT, {"opening": Opening(False, NOON)}, {"phone_hours": HOURS}),
    State("ordlista/delvis", BY_SLUG["ordlista"], {"coverage": Coverage(20, 17, 2)}),
    State("ordlista/inte-än", BY_SLUG["ordlista"], {"unready": frozenset({"en", "ar"})}),
    State("ordlista/saknas", BY_SLUG["ordlista"], {"sought": language(SOURCE)}),
    _refused("malformed", "other_language"),
    _refused("empty", "message"),
    *(_refused("too-long", "message", number) for number in NUMBERS),
    _refused("unreadable", "message"),
    _refused("malformed", "email"),
    _refused("trap", "form"),
    *(_refused("too-many", "form", number) for number in NUMBERS),
    _refused("unsaved", "form"),
    _receipt("utan-adress"),
    _receipt("med-adress", "namn@example.se"),
    *(_receipt(f"svar-inom-{days}", "namn@example.se", answer_days=days) for days in NUMBERS),
    _confirmed("kontakt", "e-post", email="skola@example.se"),
    _confirmed("personuppgifter", "ombud", protection_officer="ombud@example.se"),
    _confirmed("personuppgifter", "beslut", erasure_decision="GSN 2026-1"),
    _confirmed("tillganglighet", "helt", access_status="full"),
    _confirmed("tillganglighet", "inte", access_status="none"),
)


def seen(renderers: Renderers) -> dict[Key, list[str]]:
    """Each text and the names of the states that show it, in the order of the table."""
    places: dict[Key, list[str]] = {}
    for state in STATES:
        for key in _texts(renderers, state):
            places.setdefault(key, []).append(state.name)
    return places


class PageTexts(dict[str, frozenset[Key]]):
    """The texts of each public page, by its slug; found when they are first asked for.

    They are the same whatever is translated, but not in other languages, nor at other hours.
    """

    def __init__(
        self,
        renderers: Renderers,
        known: Mapping[str, frozenset[Key]] = MappingProxyType({}),
    ) -> None:
        super().__init__(known)
        self._renderers = renderers

    def __missing__(self, slug: str) -> frozenset[Key]:
        self[slug] = frozenset(_texts(self._renderers, State(slug, BY_SLUG[slug])))
        return self[slug]


def _texts(renderers: Renderers, state: State) -> Iterable[Key]:
    """The texts of a state in the source, and those that are only for other languages."""
    texts: dict[Key, None] = {}
    for renderer in renderers.ways[:3]:
        state.render(renderer)
        texts |= dict.fromkeys(sorted(renderer.seen, key=str))
    return texts
