"""Two nodes on one PostgreSQL are one portal, whatever becomes of either of them."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx2
import psycopg
import pytest
import sqlalchemy as sa

from portal.storage.database import Database
from portal.storage.engines import begin
from portal.storage.tables import letters
from tests.conftest import new_database, program
from tests.faults.processes import History, Node
from tests.faults.processes import started as node_started
from tests.proxies import DOMAIN, PROXIES, caddy, compose, free_port, reading_through, started
from tests.sink import Sink, open_sink
from tests.staff import PASSWORD, signed_in, staff_visitor
from tests.test_answering import address, do, form_of, post
from tests.visitor import Visitor, parts, words

SECRETS = {"PORTAL_SECRET_KEY": "k" * 32, "PORTAL_TRUSTED_PROXIES": "127.0.0.1"}
READERS, SENDERS = 4, 4
RETURNS_AFTER = {"nginx": 5.5, "caddy": 1.5}
"""Seconds until a proxy asks a node again that it found gone: ``fail_timeout`` in
deploy/nginx.conf, ``health_interval`` in deploy/Caddyfile. An operator waits as long."""
PER_HOUR = 30
"""How many messages a sender may send to an office."""


class Office(NamedTuple):
    """Two nodes, their mail server and their database."""

    first: Node
    second: Node
    sink: Sink
    url: str


@contextmanager
def nodes(url: str, **environment: str) -> Iterator[tuple[Node, Node]]:
    """Two nodes on one database."""
    settings = {"DATABASE_URL": url, **SECRETS, **environment}
    start = partial(node_started, Path(), None, **settings)
    with start() as first, start() as second:
        yield first, second


def upgraded(url: str) -> str:
    """The URL of a database, which has the tables of the portal now."""
    with closing(Database(url)) as database:
        database.upgrade()
    return url


@pytest.fixture
def url(postgresql: str) -> str:
    """A PostgreSQL database with the tables of the portal."""
    return upgraded(new_database(postgresql))


@pytest.fixture(scope="module")
def office(postgresql: str) -> Iterator[Office]:
    """Two nodes that send letters, and hold answers for long enough to take them back."""
    url = upgraded(new_database(postgresql))
    limits = {"PORTAL_ANSWER_HOLD_SECONDS": "60", "PORTAL_MESSAGES_PER_HOUR": f"{PER_HOUR}"}
    with open_sink() as sink:
        mail = {"PORTAL_SMTP_URL": sink.url, "PORTAL_MAIL_FROM": "skolan@example.se"}
        with nodes(url, **limits, **mail, PORTAL_MAIL_TO="skolor@example.se") as both:
            yield Office(*both, sink, url)


@asynccontextmanager
async def visitors(*portals: Node) -> AsyncIterator[list[Visitor]]:
    """A visitor of each node."""
    visits = [Visitor(node.address) for node in portals]
    yield visits
    for visitor in visits:
        await visitor.client.aclose()


async def test_a_case_and_its_answer_are_the_same_at_both(office: Office) -> None:
    """Whoever signs in at one node is signed in at the other, until they sign out."""
    cookie = await sign_in(office.first)
    anna, bo = staff_visitor(office.first), staff_visitor(office.second)
    for colleague in (anna, bo):
        colleague.client.headers["cookie"] = cookie
    async with visitors(office.first, office.second) as (here, there):
        receipt = await here.send("ar", message="السلام عليكم", email="a@example.org")
        path = urlsplit(str(receipt.response.url)).path
        again = await there.client.post("/ar/kontakt", files=parts(fields_of_the_same()))
        assert again.headers["location"] == path
        more = await there.client.post(path, files=parts({"message": "شكرًا"}))
        assert more.status_code == 303
        assert "شكرًا" in (await here.get(path)).text

        page = await do(anna, await anna.get(address(receipt)), "send", swedish="Hej själv.")
        assert "Svaret skickas om" in page.text
        assert "Hej själv." not in (await there.get(path)).text
        page = await bo.get(address(receipt))
        (button,) = [b for b in page.all("button") if words(b) == "Ta tillbaka svaret"]
        page = await post(bo, page, button.get("value", ""), {})
        assert form_of(await anna.get(address(receipt)))["swedish"] == "Hej själv."
    await bo.client.post("/inbox/sign-out")
    assert (await anna.client.get("/inbox")).status_code == 303
    for colleague in (anna, bo):
        await colleague.client.aclose()


def fields_of_the_same() -> dict[str, str]:
    """What a guardian sends again who was too impatient for the receipt."""
    return {"message": "السلام عليكم", "email": "a@example.org"}


async def sign_in(node: Node) -> str:
    """Sign in through the form of a node; gives the cookie."""
    officer = signed_in(node, "anna")
    visitor = staff_visitor(node)
    # The code of the present step was used when the account was made.
    fields = {"name": "anna", "password": PASSWORD, "totp": officer.code(later=1)}
    answer = await visitor.client.post("/inbox/sign-in", files=parts(fields))
    await visitor.client.aclose()
    assert answer.status_code == 303, answer.text
    return answer.headers["set-cookie"].partition(";")[0]


async def test_a_letter_is_delivered_once_whoever_takes_it(office: Office) -> None:
    async with visitors(office.first, office.second) as both:
        addresses = {f"a{number}@example.org" for number in range(20)}
        sending = [
            both[number % 2].send("sv", message=f"Hej {number}", email=recipient)
            for number, recipient in enumerate(addresses)
        ]
        await asyncio.gather(*sending)
    waiting = sa.select(sa.func.count()).where(
        letters.c.kind == "received", letters.c.delivered_at.is_(None)
    )
    with closing(Database(office.url)) as database, database.connect() as connection:
        for _ in range(150):
            if connection.scalar(waiting):
                await asyncio.sleep(0.1)
        assert connection.scalar(waiting) == 0
    delivered = Counter(office.sink.recipients)
    assert {delivered[recipient] for recipient in (*addresses, "skolor@example.se")} == {1}


async def test_what_a_sender_may_send_is_counted_at_both(office: Office) -> None:
    async with visitors(office.first, office.second) as both:
        statuses = []
        for number in range(PER_HOUR + 2):
            client = both[number % 2].client
            client.headers["x-forwarded-for"] = "192.0.2.1"
            fields = parts({"message": f"Hej {number}"})
            statuses.append((await client.post("/sv/kontakt", files=fields)).status_code)
    assert statuses == [303] * PER_HOUR + [429] * 2


class Street:
    """People who read and write through a proxy, while something happens to the nodes.

    Who gets no receipt sends the same again, as the page of an error advises.
    """

    def __init__(self, port: int, nodes: list[Node], start: Callable[[int], Node]) -> None:
        self._nodes, self._start = nodes, start
        self.history = History()
        self.statuses: Counter[int] = Counter()
        self.refused = 0
        self.returns_after = 0.0
        self._port = port
        self._texts = map("meddelande {}".format, count())
        self._is_over = False

    @asynccontextmanager
    async def busy(self) -> AsyncIterator[None]:
        """Read and write until the end of the block."""
        async with self._client() as client:
            people = [self._read(client) for _ in range(READERS)]
            people += [self._write(client) for _ in range(SENDERS)]
            tasks = [asyncio.create_task(person) for person in people]
            yield
            self._is_over = True
            await asyncio.gather(*tasks)

    async def end(self, index: int, number: signal.Signals) -> None:
        """Send a signal to a node, and wait until it has ended."""
        process = self._nodes[index].process
        process.send_signal(number)
        await asyncio.to_thread(process.wait, 20)

    async def begin(self, index: int) -> None:
        """Start a node again, where it was."""
        self._nodes[index] = await asyncio.to_thread(self._start, index)

    async def restart(self, index: int) -> None:
        """Stop a node, start it again, and wait until the proxy asks it again."""
        await asyncio.sleep(0.3)
        await self.end(index, signal.SIGTERM)
        await self.begin(index)
        await asyncio.sleep(self.returns_after)

    def _client(self) -> httpx2.AsyncClient:
        async def name(request: httpx2.Request) -> None:
            request.extensions["sni_hostname"] = DOMAIN

        return httpx2.AsyncClient(
            base_url=f"https://127.0.0.1:{self._port}",
            headers={"Host": DOMAIN},
            event_hooks={"request": [name]},
            verify=False,
            timeout=20,
        )

    async def _read(self, client: httpx2.AsyncClient) -> None:
        while not self._is_over:
            self.statuses[(await client.get("/ar/kontakt")).status_code] += 1
            await asyncio.sleep(0.005)

    async def _write(self, client: httpx2.AsyncClient) -> None:
        while not self._is_over:
            text = next(self._texts)
            while not await self.history.send(client, text):
                self.refused += 1
                await asyncio.sleep(0.05)


Proxy = Callable[[Path, Sequence[int], int], list[str]]
"""Makes the command that runs one, as ``tests.proxies`` does."""


@pytest.fixture(params=PROXIES)
def street(request: pytest.FixtureRequest, url: str, tmp_path: Path) -> Iterator[Street]:
    """Two nodes behind each proxy, and the people before it."""
    with street_behind(request.param, url, tmp_path) as street:
        yield street


@contextmanager
def street_behind(proxy: Proxy, url: str, folder: Path, **settings: str) -> Iterator[Street]:
    """Two nodes with some settings behind a proxy, and the people before it."""
    ports, port = [free_port(), free_port()], free_port()
    environment = {
        "DATABASE_URL": url,
        "PORTAL_BASE_URL": f"https://{DOMAIN}",
        **SECRETS,
        **settings,
    }
    home = {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with ExitStack() as stack:
        start = [partial(node_started, Path(), node, **environment) for node in ports]
        running = [stack.enter_context(node()) for node in start]
        stack.enter_context(started(proxy(folder, ports, port), port, **home))
        stack.enter_context(reading_through(port))
        street = Street(port, running, lambda index: stack.enter_context(start[index]()))
        street.returns_after = RETURNS_AFTER[proxy.__name__]
        yield street


async def test_a_node_that_is_gone_costs_no_page_and_no_message(street: Street, url: str) -> None:
    """Each is stopped and started again, one after the other, as in an upgrade; one is killed."""
    async with street.busy():
        for index in range(2):
            await street.restart(index)
        await street.end(0, signal.SIGKILL)
        await asyncio.sleep(1)
    assert {*street.statuses} == {200}
    assert street.history.sent == street.history.receipts.keys()
    street.history.check_rows(url)


@pytest.mark.needs("caddy")
async def test_nobody_notices_that_nodes_drain_and_start_again(url: str, tmp_path: Path) -> None:
    """Caddy asks for ``/readyz`` and sends the rest to the other node: no form is sent again."""
    drain = compose()["services"]["portal1"]["environment"]["PORTAL_DRAIN_SECONDS"]
    with street_behind(caddy, url, tmp_path, PORTAL_DRAIN_SECONDS=f"{drain}") as street:
        async with street.busy():
            for index in range(2):
                await street.restart(index)
    assert street.refused == 0
    assert {*street.statuses} == {200}
    street.history.check_rows(url)


@contextmanager
def pooled(url: str, folder: Path) -> Iterator[str]:
    """The URL of a database behind PgBouncer, which gives a connection for one transaction."""
    port, server = free_port(), urlsplit(url)
    name = server.path.strip("/")
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n{name} = host={server.hostname} port={server.port} user=portal\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        "auth_type = any\npool_mode = transaction\ndefault_pool_size = 3\n"
    )
    # As root it refuses to run.
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = [program("pgbouncer") or "", *user, str(folder / "pgbouncer.ini")]
    with started(command, port):
        yield f"postgresql://portal@127.0.0.1:{port}/{name}"


@pytest.mark.needs("pgbouncer")
async def test_a_pooler_may_stand_between(postgresql: str, tmp_path: Path) -> None:
    """It has fewer connections than the nodes, and no setting for the portal."""
    history, texts = History(), map("meddelande {}".format, range(200))
    with pooled(new_database(postgresql), tmp_path) as url:
        with nodes(upgraded(url), PORTAL_MESSAGES_PER_HOUR="1000") as both:
            cookie = await sign_in(both[0])
            async with visitors(*both) as people:
                sending = [
                    history.send(people[number % 2].client, text)
                    for number, text in enumerate(texts)
                ]
                assert all(await asyncio.gather(*sending))
                locations = [path for paths in history.receipts.values() for path in paths]
                pages = [people[0].client.get(path) for path in locations[:100]]
                pages += [people[1].client.get("/inbox", headers={"cookie": cookie})]
                assert {page.status_code for page in await asyncio.gather(*pages)} == {200}
        history.check_rows(url)


@pytest.mark.needs("pgbouncer")
async def test_the_limits_of_a_transaction_are_kept_behind_a_pooler(
    postgresql: str, tmp_path: Path
) -> None:
    names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")

    def limits(connection: sa.Connection) -> list[str]:
        return [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names]

    with pooled(postgresql, tmp_path) as url:
        database = Database(url)
        await database.start()
        assert await database.write(limits) == ["5s", "6s", "10s"]
        assert await database.read(limits) == ["5s", "6s", "10s"]
        await database.stop()
        with psycopg.connect(url) as other:
            left = [other.execute(f"SHOW {name}".encode()).fetchone() for name in names]
    assert left == [("0",)] * 3


async def test_nodes_go_on_and_start_again_when_a_later_version_has_added_to_the_tables(
    url: str,
) -> None:
    """A rolling upgrade: first the database, then one node after the other."""
    with nodes(url) as both:
        async with visitors(*both) as (here, there):
            receipt = await here.send("sv", message="Före")
            with closing(Database(url)) as database, database.connect() as later, begin(later):
                later.exec_driver_sql("ALTER TABLE cases ADD COLUMN place text")
                later.exec_driver_sql("ALTER TABLE messages ADD COLUMN urgent int DEFAULT 0")
                later.exec_driver_sql("CREATE TABLE places (id bigint PRIMARY KEY)")
                later.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
            await there.send("sv", message="Efter")
            path = urlsplit(str(receipt.response.url)).path
            for visitor in (here, there):
                assert "Före" in (await visitor.get(path)).text
        both[0].process.kill()
        settings = {"DATABASE_URL": url, **SECRETS}
        with node_started(Path(), None, **settings) as again:
            async with visitors(again) as (here,):
                assert "Före" in (await here.get(path)).text
                await here.send("sv", message="Igen")
                readiness = (await here.client.get("/readyz")).json()
                assert (readiness["status"], readiness["messages"]) == ("ready", "ok")
