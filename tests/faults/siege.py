"""A portal that is attacked: its routes, its forms, who attacks it, and what it has stored."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import count
from typing import NamedTuple, cast
from urllib.parse import parse_qs
from xml.etree.ElementTree import Element

import html5lib
import sqlalchemy as sa
from starlette.routing import Route, Router

from portal.storage.database import Database
from portal.storage.engines import begin
from portal.storage.tables import accounts, messages
from portal.web.forms import normalised
from portal.web.staff.routes import ROUTES
from tests.conftest import Running
from tests.faults.hostile import Answer, Attack, Attacker, complaints
from tests.staff import Staff, signed_in

UNTOUCHED = "cases messages answers notes renderings case_links letters accounts recovery_codes"
"""The tables to which nothing is added by what is refused."""
OUR_PAGE = (b"Sec-Fetch-Site", b"same-origin")
_senders = count(1)


class Person:
    """Somebody who attacks: a stranger, or one of the staff with a browser gone wild.

    Args:
        portal: that is attacked.
        folder: the paths that mean something to them.
        name: of an account; empty for a stranger.
    """

    def __init__(self, portal: Running, folder: bytes, name: str = "") -> None:
        self._portal, self._name, self.folder = portal, name, folder
        self._attacker = Attacker(portal)
        self.staff: Staff | None = signed_in(portal, name) if name else None

    async def send(self, attack: Attack) -> Answer:
        """Send a request as a page of ours would, with the cookie; sign in again if need be."""
        named = {name.lower() for name, _ in attack.headers}
        headers = [*attack.headers]
        if named.isdisjoint({b"sec-fetch-site", b"origin"}):
            headers.append(OUR_PAGE)
        if b"x-forwarded-for" not in named:  # so that nobody has to wait
            headers.append((b"X-Forwarded-For", b"2001:db8:%x::1" % (next(_senders) % 65536)))
        if self.staff and b"cookie" not in named:
            headers.append((b"Cookie", self.staff.cookie.encode()))
        answer = await self._attacker.send(replace(attack, headers=tuple(headers)))
        if self.staff and answer.header(b"location").startswith(b"/inbox/sign-in"):
            self.staff = signed_in(self._portal, self._name)
        return answer

    def close(self) -> None:
        """Close their connection."""
        self._attacker.close()

    async def troubles(self, attacks: Iterable[Attack]) -> list[str]:
        """What is wrong with the answers to some attacks, a line each."""
        return [
            f"{complaint}: {attack}"
            for attack in attacks
            for complaint in complaints(await self.send(attack))
        ]

    async def forms(self, target: bytes) -> list["Form"]:
        """The forms that a page posts to its own address, once for each of their buttons."""
        answer = await self.send(Attack(target))
        root = html5lib.HTMLParser(namespaceHTMLElements=False).parse(answer.body.decode())
        return [
            Form(target, _fields(form), button)
            for form in root.iter("form")
            if form.get("method") == "post" and form.get("action") in {None, target.decode()}
            for button in _buttons(form)
        ]


class Form(NamedTuple):
    """A form as a page shows it."""

    target: bytes
    fields: dict[str, str]
    """As they are filled in, with everything chosen that can be, and words in every text."""
    button: dict[str, str]
    """What is sent by the button that is pressed."""


def _fields(form: Element) -> dict[str, str]:
    fields = {field.get("name", ""): field.get("value", "") for field in form.iter("input")}
    fields |= {field.get("name", ""): "Hej" for field in form.iter("textarea")}
    for select in form.iter("select"):
        fields[select.get("name", "")] = [*select.iter("option")][-1].get("value", "")
    return fields


def _buttons(form: Element) -> Iterator[dict[str, str]]:
    for button in form.iter("button"):
        name = button.get("name")
        yield {name: button.get("value", "")} if name else {}


class Siege:
    """A portal with an officer, with somebody who has not enrolled, and with a case."""

    def __init__(self, portal: Running, records: sa.Connection) -> None:
        self.portal, self.records = portal, records
        self.stranger = Person(portal, b"/")
        self.officer = Person(portal, b"/inbox", "anna")
        self.newcomer = Person(portal, b"/inbox/enrolment", "nora")
        with begin(records):
            is_new = sa.update(accounts).where(accounts.c.name == "nora")
            records.execute(is_new.values(enrolled_at=None))
        self.accepted: set[str] = set()
        """The messages that got a receipt."""
        self.case = b""
        """What leads to a case: its reference and key."""
        self.values: Sequence[bytes] = ()
        """What is put into fields, queries and paths, percent-encoded."""
        self.queries: Sequence[bytes] = ()

    @property
    def host_and_port(self) -> tuple[str, int]:
        """Where to open a connection."""
        return "127.0.0.1", int(self.portal.address.rpartition(":")[2])

    @property
    def people(self) -> Sequence[Person]:
        """Everybody who attacks."""
        return self.stranger, self.officer, self.newcomer

    async def open_case(self, text: str) -> None:
        """Send a message; its case is the one that is attacked from now on."""
        body = b"message=" + text.encode()
        answer = await self.stranger.send(posted(b"/ar/kontakt", body))
        self.accepted.add(text)
        self.case = answer.header(b"location").rpartition(b"/")[2]

    @property
    def routes(self) -> list[Route]:
        """All routes; the application has those of staff in a router of their own."""
        return [*cast(list[Route], cast(Router, self.portal.app.app).routes), *ROUTES]

    def targets(self, method: str = "GET", **values: bytes) -> Iterator[bytes]:
        """The path of every route that has a method, with values in its parts."""
        usual = {"tag": b"ar", "address": self.case, "reference": self.case[:8]}
        for route in self.routes:
            if method in (route.methods or ()) and values.keys() <= route.param_convertors.keys():
                path = route.path.encode()
                for name in route.param_convertors:
                    value = {**usual, **values}.get(name, b"1")
                    path = path.replace(b"{%s}" % name.encode(), value)
                yield path

    @property
    def address(self) -> bytes:
        """Of the page of the case."""
        return b"/ar/arende/" + self.case

    @property
    def parameters(self) -> set[str]:
        """The names of the parts of paths."""
        return {name for route in self.routes if route.methods for name in route.param_convertors}

    def pages(self) -> list[bytes]:
        """Some addresses of what is ready: pages in each reading mode, files."""
        ready = sorted(self.portal.app.edition.resources)
        return [address.encode() for address in ready[:: len(ready) // 12]]

    def standing(self) -> tuple[int, ...]:
        """How many rows there are, and how often cases were changed."""
        columns = [f"(SELECT count(*) FROM {table})" for table in UNTOUCHED.split()]
        columns.append("(SELECT sum(revision) FROM cases)")
        with self.records.begin():
            return tuple(self.records.exec_driver_sql(f"SELECT {', '.join(columns)}").one())

    def stored(self) -> set[str]:
        """The messages in the database."""
        with self.records.begin():
            return {*self.records.scalars(sa.select(messages.c.text))}

    async def send(self, person: Person, attack: Attack) -> Answer:
        """Send an attack, and check its answer and what it has stored."""
        before, answer = self.standing(), await person.send(attack)
        assert [*complaints(answer)] == [], attack
        if answer.status != 303:
            assert self.standing() == before, attack
        elif b"arende/" in answer.header(b"location"):
            fields = parse_qs((attack.body or b"").decode("latin-1"))
            self.accepted |= {*map(normalised, fields.get("message", ()))}
        return answer

    def forget_codes(self) -> None:
        """Let a code of the second factor be used again."""
        with begin(self.records):
            self.records.execute(sa.update(accounts).values(totp_step=0))


def posted(
    target: bytes, body: bytes, content_type: bytes = b"application/x-www-form-urlencoded"
) -> Attack:
    """A form that is sent."""
    return Attack(target, b"POST", ((b"Content-Type", content_type),), body)


@contextmanager
def besieged(portal: Running) -> Iterator[Siege]:
    """What attackers find of a portal, and a connection to its database."""
    database = Database(portal.settings.database_url)
    with closing(database), database.connect() as connection:
        yield Siege(portal, connection)
