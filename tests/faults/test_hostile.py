"""Whatever is sent to whichever route: nothing breaks, nothing leaks, nothing is stored.

The inputs stand in ``hostile``. The routes are read from the application and the forms from
its pages, so what is new is attacked without a word here.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import cycle, islice, product
from math import ceil
from urllib.parse import urlencode

import pytest

from portal.storage.database import Database
from portal.web.headers import SECURITY, header_lines
from portal.web.staff.access import SIGN_IN
from tests.conftest import Serve, new_database
from tests.faults.hostile import (
    BODIES,
    BYTES,
    COOKIES,
    HEADERS,
    MESSAGES,
    METHODS,
    PATHS,
    QUERIES,
    TEXTS,
    Attack,
    complaints,
    quoted,
)
from tests.faults.siege import Form, Person, Siege, besieged, posted
from tests.staff import PASSWORD

NAMES = (
    *("view", "language", "kind", "age", "q", "after", "before", "done", "missed", "undone"),
    *("draft", "preview", "veckor", "next", "page", "bredvid", "skrivet"),
)
"""Parameters that addresses of the portal have."""
VALUES = [*map(quoted, TEXTS), *map(quoted, BYTES)]
READ_AS_IT_STANDS = {"hej", "PGhvc3RpbGU+"}
"""The messages of those bodies that are forms, whatever else their headers say."""
VALUES_OF_POSTGRESQL = [value for value in VALUES if b"%0" in value] + VALUES[::7]
"""Those in which PostgreSQL is stricter, and some of the others."""
FORMS_AT_ONCE = 16
"""Of so many forms of a page, one is spoilt with a value; the next value gets the next one."""


both = pytest.mark.parametrize("siege", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(scope="module")
async def siege(request: pytest.FixtureRequest, serve: Serve) -> AsyncIterator[Siege]:
    """A portal that is attacked, with SQLite unless a test asks for another database."""
    environment = {"PORTAL_SIGN_INS_PER_HOUR": "0", "PORTAL_ANSWER_HOLD_SECONDS": "60"}
    kind = getattr(request, "param", "sqlite")
    if kind == "postgresql":
        url = new_database(request.getfixturevalue("postgresql"))
        environment["DATABASE_URL"] = url
        with closing(Database(url)) as database:
            database.upgrade()
    with serve(**environment) as portal, besieged(portal) as siege:
        siege.queries = QUERIES if kind == "sqlite" else ()
        siege.values = VALUES if kind == "sqlite" else VALUES_OF_POSTGRESQL
        await siege.open_case("den första")
        yield siege
        for person in siege.people:
            person.close()


@pytest.fixture(autouse=True)
def silence(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing is logged as a fault, and nothing that was sent is logged at all."""
    yield
    lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert lines == []
    assert "onhostile" not in caplog.text


def targets(siege: Siege, person: Person, method: str = "GET", **values: bytes) -> list[bytes]:
    """The routes that mean something to somebody, with values in the parts of their paths."""
    paths = (path for path in siege.targets(method, **values) if path.startswith(person.folder))
    return [path for path in paths if path != SIGN_IN.encode() or person is siege.stranger]


async def test_paths(siege: Siege) -> None:
    assert targets(siege, siege.officer)
    attacks = [Attack(path, method) for path, method in product(PATHS, (b"GET", b"HEAD", b"POST"))]
    attacks += [posted(path, b"message=&do=note&note=") for path in PATHS]
    for name, value in product(sorted(siege.parameters), siege.values):
        attacks += map(Attack, siege.targets("GET", **{name: value}))
        attacks += [posted(path, b"message=") for path in siege.targets("POST", **{name: value})]
    before = siege.standing()
    for person in (siege.stranger, siege.officer):
        assert await person.troubles(attacks) == []
    assert siege.standing() == before


@both
async def test_queries(siege: Siege) -> None:
    queries = [
        *QUERIES,
        *(b"&".join(b"%s=" % n.encode() + v for n in NAMES) for v in siege.values[::2]),
    ]
    before = siege.standing()
    for person in siege.people:
        attacks = (Attack(b"%s?%s" % pair) for pair in product(targets(siege, person), queries))
        assert await person.troubles(attacks) == []
    assert siege.standing() == before


async def test_headers(siege: Siege) -> None:
    before = siege.standing()
    for person in siege.people:
        paths = {*targets(siege, person), *(siege.pages() if person is siege.stranger else ())}
        forms = targets(siege, person, "POST")
        attacks = [Attack(path, b"GET", (header,)) for path, header in product(paths, HEADERS)]
        attacks += [
            replace(attack, headers=(*attack.headers, header))
            for attack, header in product([posted(path, b"message=") for path in forms], HEADERS)
        ]
        assert await person.troubles(attacks) == []
    assert siege.standing() == before


async def test_forged_cookies_open_nothing(siege: Siege) -> None:
    for cookie, method in product(COOKIES, ("GET", "POST")):
        for target in siege.targets(method):
            attack = Attack(target, method.encode(), ((b"Cookie", cookie.encode("latin-1")),))
            answer = await siege.stranger.send(attack)
            assert [*complaints(answer)] == [], attack
            if target.startswith(b"/inbox") and target != b"/inbox/sign-in":
                is_led_away = answer.header(b"location").startswith(b"/inbox/sign-in?")
                assert is_led_away or answer.status in {403, 415}, attack
            assert b"Anna Andersson" not in answer.body


async def test_methods(siege: Siege) -> None:
    before = siege.standing()
    for person, method in product(siege.people, METHODS):
        for target in {*siege.targets(), *siege.targets("POST"), *siege.pages()}:
            answer = await person.send(Attack(target, method))
            assert [*complaints(answer)] == [], (method, target)
            assert answer.status in {400, 404, 405}, (method, target)
    assert siege.standing() == before


async def test_bodies(siege: Siege) -> None:
    """No route takes for its form what no browser sends."""
    for person in siege.people:
        for target, (content_type, body) in product(targets(siege, person, "POST"), BODIES):
            await siege.send(person, posted(target, body, content_type))
    siege.accepted |= READ_AS_IT_STANDS
    assert siege.stored() == siege.accepted


@both
async def test_fields(siege: Siege) -> None:
    """A message is stored as it was sent where there is a receipt, and nowhere else."""
    for person in siege.people:
        for index in range(len(targets(siege, person))):
            # Each page of an enrolment draws a code, which takes long.
            values = siege.values[:: 5 if person is siege.newcomer else 1]
            for number, value in enumerate(values):
                if number % 10 == 0:
                    await siege.open_case(f"nummer {number} till {index}")
                    forms = await person.forms(targets(siege, person)[index])
                for attack in spoilt(forms, number, value):
                    await siege.send(person, attack)
    assert siege.stored() == siege.accepted


def spoilt(forms: list[Form], number: int, value: bytes) -> Iterator[Attack]:
    """Some of the forms of a page, with a value in one of their fields, and in all of them."""
    share = ceil(len(forms) / FORMS_AT_ONCE)
    some = islice(cycle(forms), number * share, (number + 1) * share)
    for form in some:
        usual = {name: quoted(text) for name, text in form.fields.items()}
        name = sorted(usual)[number % len(usual)] if usual else "message"
        button = {name: quoted(text) for name, text in form.button.items()}
        for fields in ({**usual, name: value}, dict.fromkeys(usual, value)):
            pairs = (b"%s=%s" % (quoted(n), v) for n, v in {**fields, **button}.items())
            yield posted(form.target, b"&".join(pairs))


@pytest.mark.parametrize(
    "header",
    [
        *((b"Origin", b"https://evil.example"), (b"Origin", b"null"), (b"Origin", b"")),
        *((b"Origin", b"http://127.0.0.1.evil.example"), (b"Sec-Fetch-Site", b"cross-site")),
        *((b"Sec-Fetch-Site", b"same-site"), (b"Sec-Fetch-Site", b"Same-Origin")),
    ],
)
async def test_forms_of_other_sites(siege: Siege, header: tuple[bytes, bytes]) -> None:
    before = siege.standing()
    for person in siege.people:
        for target in targets(siege, person):
            for form in await person.forms(target):
                fields = {**form.fields, **form.button}
                attack = posted(form.target, urlencode(fields).encode())
                answer = await person.send(replace(attack, headers=(*attack.headers, header)))
                assert [*complaints(answer)] == [], attack
                assert answer.status == 403, attack
    assert siege.standing() == before


@both
async def test_signing_in_leads_nowhere_else(siege: Siege) -> None:
    """Whatever the link to the sign-in and the form that was kept for it say."""
    staff = siege.officer.staff
    assert staff
    for number, value in enumerate([*siege.values, *map(quoted, PATHS)]):
        siege.forget_codes()
        form = b"&typed=" + (value if number % 3 else quoted(b"note=" + value))
        credentials = {"name": "anna", "password": PASSWORD, "totp": staff.code()}
        body = urlencode(credentials).encode() + b"&next=" + value
        answer = await siege.stranger.send(posted(b"/inbox/sign-in", body + form * (number % 2)))
        assert [*complaints(answer)] == [], value
        assert answer.status in {200, 303}, value
        assert answer.header(b"location").startswith(b"/inbox" * (answer.status == 303)), value


async def test_what_is_no_request_is_refused_and_the_connection_closed(siege: Siege) -> None:
    """What is smuggled behind it is not read as a request."""
    before, smuggled = siege.standing(), b"GET /en/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

    async def refused(message: bytes) -> None:
        reader, writer = await asyncio.open_connection(*siege.host_and_port)
        writer.write(message.replace(b"{}", b"Host: 127.0.0.1\r\n") + smuggled)
        received = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        statuses = re.findall(rb"HTTP/1.1 (\d+)", received)
        assert statuses in ([b"400"], [b"413"], [b"431"]), message
        assert header_lines(SECURITY) in received, message

    await asyncio.gather(*map(refused, MESSAGES))
    assert siege.standing() == before


async def test_nobody_waits_for_what_never_ends(siege: Siege) -> None:
    """Requests that have begun, and answers that are not read, keep no page from a reader."""
    begun = b"POST /sv/kontakt HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9"
    pages = b"GET /sv/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 300
    starts = [b"", begun, begun + b"\r\n\r\nm", pages]
    connections = [await asyncio.open_connection(*siege.host_and_port, limit=1) for _ in range(100)]
    for (_, writer), start in zip(connections, cycle(starts), strict=False):
        writer.write(start)
    reader = Person(siege.portal, b"/")
    assert (await reader.send(Attack(b"/ar/"))).status == 200
    assert (await reader.send(Attack(siege.address))).status == 200
    assert not any(connection.at_eof() for connection, _ in connections)
    for _, writer in connections:
        writer.transport.abort()
    reader.close()


@pytest.mark.parametrize("costly", [b"/inbox/sign-in", b"/sv/kontakt", b"/sv/arende"])
async def test_pages_are_served_between_costly_forms(siege: Siege, costly: bytes) -> None:
    """A crowd sends them without end, until somebody has been served who came later."""
    marks = quoted("a\u0301\u0323" * 9000)
    body = b"name=anna&password=x&message=%s&reference=%s&code=x" % (marks, marks)
    crowd, is_served = [Person(siege.portal, b"/") for _ in range(20)], asyncio.Event()

    async def press(person: Person) -> None:
        while not is_served.is_set():
            assert (await person.send(posted(costly, body))).status == 422
        person.close()

    presses = [asyncio.create_task(press(person)) for person in crowd]
    await asyncio.sleep(0.1)
    reader = Person(siege.portal, b"/")
    assert (await reader.send(Attack(b"/ar/"))).status == 200
    reader.close()
    is_served.set()
    await asyncio.gather(*presses)
