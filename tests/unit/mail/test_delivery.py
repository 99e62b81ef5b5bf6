"""Letters reach a real mail server, again and again until it has taken them, and encrypted."""

import asyncio
import html
import logging
import os
import re
import signal
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from aiosmtpd.smtp import AuthResult

from portal.cases import listings, outbox
from portal.cases.listings import Selection
from portal.cases.messages import Arrival, Submission, receive_all
from portal.cases.outbox import Letter, NewLetter
from portal.content.hours import ZONE
from portal.i18n.rendering import Renderers
from portal.i18n.templates import read_renderers
from portal.mail import delivery
from portal.mail.delivery import Delivery, delivering
from portal.settings import Settings
from portal.storage.database import Database, Unavailable
from portal.storage.tables import letters
from tests.conftest import Serve
from tests.sink import HANG_UP, TAKEN, Sink, open_sink, part
from tests.visitor import Visitor

GUARDIAN, STAFF = "namn@example.org", "staff@example.org"
REFUSED = AuthResult(success=False, handled=False)


@pytest.fixture
def sink() -> Iterator[Sink]:
    with open_sink(enable_SMTPUTF8=True) as sink:
        yield sink


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[Database]:
    """An SQLite database with its tables, ready to write."""
    database = Database(f"sqlite:///{tmp_path}/portal.db")
    database.upgrade()
    await database.start()
    yield database
    await database.stop()


def settings_for(url: str, **environment: str) -> Settings:
    usual = {
        "DATABASE_URL": "sqlite:///unused.db",
        "PORTAL_SECRET_KEY": "k" * 32,
        "PORTAL_SMTP_URL": url,
        "PORTAL_MAIL_FROM": "portal@example.org",
        "PORTAL_MAIL_TO": STAFF,
    }
    return Settings.read(usual | environment)


@pytest.fixture(scope="module")
def renderers() -> Renderers:
    return read_renderers(settings_for("smtp://localhost"))


async def queue(database: Database, *recipients: str) -> None:
    new = [NewLetter("new-message", recipient, "sv") for recipient in recipients]
    await database.write(partial(outbox.queue, new=new, now=datetime.now(UTC)))


async def all_letters(database: Database) -> list[Letter]:
    query = sa.select(*letters.c[*Letter.__annotations__]).order_by(letters.c.id)
    rows = await database.read(lambda c: c.execute(query).mappings().all())
    return [Letter(**row) for row in rows]


async def deliver_once(database: Database, url: str, renderers: Renderers) -> Letter:
    """Try what is due; gives the only letter that there is."""
    await Delivery(database, settings_for(url), lambda: renderers).run_once()
    (letter,) = await all_letters(database)
    return letter


async def try_again(database: Database, url: str, renderers: Renderers) -> Letter:
    await database.write(partial(outbox.retry, now=datetime.now(UTC)))
    return await deliver_once(database, url, renderers)


async def test_a_guardian_opens_the_case_from_the_letter(serve: Serve, sink: Sink) -> None:
    """The whole way: an Arabic message, its letter in a real mail server, the page of the case."""
    mail = {"PORTAL_SMTP_URL": sink.url, "PORTAL_MAIL_FROM": "portal@example.org"}
    with serve(**mail) as portal:
        visitor = Visitor(portal.address)
        await visitor.send("ar", message="مرحبا، عندي سؤال سري", email=GUARDIAN)
        letter = await sink.first_letter()
        (address,) = re.findall(r'href="(http:[^"]*)"', part(letter, "html"))
        visit = await visitor.get(html.unescape(address).removeprefix(portal.address))
        await visitor.client.aclose()
    assert visit.status == 200
    assert (visit.language, "سري" in visit.text) == ("ar", True)
    assert (letter["To"], letter["Content-Language"]) == (GUARDIAN, "ar")
    assert "سري" not in letter.as_string() + part(letter, "html") + part(letter, "plain")
    assert sink.greetings == {"[127.0.0.1]"}


async def test_without_a_mail_server_serving_queues_nothing(serve: Serve) -> None:
    with serve() as portal:
        visitor = Visitor(portal.address)
        visit = await visitor.send("sv", message="Hej", email=GUARDIAN)
        await visitor.client.aclose()
        database = Database(portal.settings.database_url)
        assert await all_letters(database) == []
        await database.stop()
    assert visit.status == 200


async def test_a_server_that_is_down_gets_the_letter_when_it_is_back(
    own: Database, renderers: Renderers
) -> None:
    with open_sink() as gone:
        pass
    await queue(own, GUARDIAN)
    letter = await deliver_once(own, gone.url, renderers)
    assert (letter.fault, letter.failed_at, letter.attempts) == ("SMTPConnectError", None, 1)
    wait = letter.not_before - datetime.now(UTC)
    assert timedelta(seconds=30) < wait <= timedelta(seconds=60)
    with open_sink() as sink:
        letter = await try_again(own, sink.url, renderers)
        assert letter.delivered_at
        assert len(sink.letters) == 1


@pytest.mark.parametrize("reply", ["451 Greylisted, try again", "421 Too busy", "452 Full"])
async def test_a_temporary_refusal_is_tried_again(
    own: Database, renderers: Renderers, sink: Sink, reply: str
) -> None:
    await queue(own, GUARDIAN)
    sink.reply(recipient=reply)
    letter = await deliver_once(own, sink.url, renderers)
    assert (letter.fault, letter.failed_at) == (reply[:3], None)
    assert (await try_again(own, sink.url, renderers)).delivered_at
    assert len(sink.letters) == 1


@pytest.mark.parametrize("reply", ["550 No such user", "553 Not allowed"])
async def test_a_recipient_who_is_not_there_is_not_tried_again(
    own: Database, renderers: Renderers, sink: Sink, reply: str
) -> None:
    await queue(own, GUARDIAN)
    sink.reply(recipient=reply)
    letter = await deliver_once(own, sink.url, renderers)
    assert letter.fault == reply[:3]
    assert letter.failed_at


@pytest.mark.parametrize(("reply", "fails"), [("554 Refused", True), ("451 Later", False)])
async def test_refused_content_is_told_apart_by_its_code(
    own: Database, renderers: Renderers, sink: Sink, reply: str, fails: bool
) -> None:
    await queue(own, GUARDIAN)
    sink.reply(content=reply)
    letter = await deliver_once(own, sink.url, renderers)
    assert (letter.failed_at is not None) == fails


async def test_a_password_that_is_refused_fails_no_letter(
    own: Database, renderers: Renderers
) -> None:
    """An operator mends it, and every letter goes."""
    with open_sink(authenticator=lambda *_: REFUSED, auth_require_tls=False) as sink:
        await queue(own, GUARDIAN)
        url = sink.url.replace("//", "//portal:wrong@")
        letter = await deliver_once(own, url, renderers)
        assert (letter.fault, letter.failed_at) == ("535", None)


async def test_a_connection_dropped_after_the_letter_sends_the_same_letter_again(
    own: Database, renderers: Renderers, sink: Sink
) -> None:
    await queue(own, GUARDIAN)
    sink.reply(content=HANG_UP)
    letter = await deliver_once(own, sink.url, renderers)
    assert (letter.delivered_at, letter.fault) == (None, "SMTPServerDisconnected")
    assert (await try_again(own, sink.url, renderers)).delivered_at
    first, second = sink.letters
    assert first["Message-ID"] == second["Message-ID"]


async def test_a_slow_server_holds_up_no_other_letter(
    own: Database, renderers: Renderers, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "REPLY_SECONDS", 0.3)
    sink.seconds = 30.0
    await queue(own, GUARDIAN)
    letter = await deliver_once(own, sink.url, renderers)
    assert (letter.delivered_at, letter.failed_at) == (None, None)
    assert "Timeout" in letter.fault
    sink.seconds = 0.0
    assert (await try_again(own, sink.url, renderers)).delivered_at


async def test_one_letter_that_is_refused_holds_up_no_other(
    own: Database, renderers: Renderers, sink: Sink
) -> None:
    recipients = [f"{number}@example.org" for number in range(30)]
    await queue(own, *recipients)
    sink.to_recipient = iter(["550 No"] + [TAKEN] * 29)
    await Delivery(own, settings_for(sink.url), lambda: renderers).run_once()
    assert len(sink.letters) == 29
    assert sorted(sink.recipients) == sorted(recipients)
    assert sum(letter.failed_at is not None for letter in await all_letters(own)) == 1


async def test_two_nodes_send_each_letter_once(
    database: Database, database_url: str, renderers: Renderers, sink: Sink
) -> None:
    recipients = [f"{number}@example.org" for number in range(40)]
    await queue(database, *recipients)
    other, settings = Database(database_url), settings_for(sink.url)
    await other.start()
    try:
        nodes = [Delivery(node, settings, lambda: renderers) for node in (database, other)]
        await asyncio.gather(*(node.run_once() for node in nodes))
    finally:
        await other.stop()
    assert sorted(sink.recipients) == sorted(recipients)
    assert len({letter["Message-ID"] for letter in sink.letters}) == len(recipients)


async def test_no_address_is_logged(
    own: Database, renderers: Renderers, sink: Sink, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "portal")
    await queue(own, GUARDIAN)
    sink.reply(recipient=f"450 {GUARDIAN} is away")
    await deliver_once(own, sink.url, renderers)
    await try_again(own, sink.url, renderers)
    assert "letter 1, attempt 1: 450" in caplog.text
    assert "letter 1 is delivered" in caplog.text
    assert "namn" not in caplog.text


@pytest.mark.slow
async def test_a_stopped_portal_finishes_what_it_is_sending(
    own: Database, renderers: Renderers, sink: Sink
) -> None:
    sink.seconds = 0.5
    await queue(own, GUARDIAN)
    async with delivering(own, settings_for(sink.url), lambda: renderers):
        await sink.first_letter()
    (letter,) = await all_letters(own)
    assert letter.delivered_at


@pytest.mark.slow
async def test_letters_go_on_when_the_database_is_back(
    tmp_path: Path, renderers: Renderers, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "PAUSE_SECONDS", 0.05)
    database = Database(f"sqlite:///{tmp_path}/portal.db")
    await database.start()
    async with delivering(database, settings_for(sink.url), lambda: renderers):
        with pytest.raises(Unavailable):
            await queue(database, GUARDIAN)  # there is no table yet
        await asyncio.to_thread(database.upgrade)
        await queue(database, GUARDIAN)
        await sink.first_letter()
    await database.stop()


@pytest.mark.slow
async def test_a_process_killed_before_it_sends_leaves_the_letter_to_the_next(
    tmp_path: Path, sink: Sink
) -> None:
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{tmp_path}/portal.db",
        "PORTAL_SMTP_URL": sink.url,
        "PORTAL_MAIL_FROM": "portal@example.org",
    }
    killed = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", RECEIVE_AND_DIE], env=environment, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert sink.letters == []
    command = [sys.executable, "-m", "portal", "outbox", "run", "--once"]
    await asyncio.to_thread(subprocess.run, command, env=environment, check=True)
    assert sink.recipients == [GUARDIAN]


RECEIVE_AND_DIE = f"""
import asyncio, os, signal
from portal.cases.messages import Arrival, Submission, receive_all
from portal.settings import Settings
from portal.storage.database import Database, Unavailable

async def main():
    settings = Settings.read()
    database = Database(settings.database_url)
    database.upgrade()
    await database.start()
    submission = Submission("Hej", "{GUARDIAN}", "", None, "sv")
    await database.write_together(receive_all, Arrival(submission, 1, 0, staff_mailbox=""))
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for this machine that nobody has signed, with its key in the same file."""
    path = tmp_path / "certificate.pem"
    command = [
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
        *("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"),
        *("-keyout", f"{path}.key", "-out", f"{path}"),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return path


def server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, f"{certificate}.key")
    return context


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
async def test_an_encrypted_connection_needs_a_valid_certificate(
    own: Database,
    renderers: Renderers,
    certificate: Path,
    scheme: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context = server_context(certificate)
    options = {"ssl_context": context} if scheme == "smtps" else {"tls_context": context}
    with open_sink(**options) as sink:
        url = sink.url.replace("smtp:", f"{scheme}:")
        await queue(own, GUARDIAN)
        letter = await deliver_once(own, url, renderers)
        assert (letter.delivered_at, letter.failed_at, sink.recipients) == (None, None, [])
        monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}")
        assert (await try_again(own, url, renderers)).delivered_at
        assert sink.recipients == [GUARDIAN]


async def test_a_server_that_cannot_encrypt_gets_no_letter(
    own: Database, renderers: Renderers, sink: Sink
) -> None:
    await queue(own, GUARDIAN)
    url = sink.url.replace("smtp:", "smtp+starttls:")
    letter = await deliver_once(own, url, renderers)
    assert (letter.delivered_at, letter.failed_at, sink.recipients) == (None, None, [])


TUESDAY = datetime(2026, 11, 24, 7, 0, tzinfo=ZONE)
EPIPHANY, SATURDAY = datetime(2027, 1, 6, 9, 0, tzinfo=ZONE), datetime(2026, 11, 28, 9, tzinfo=ZONE)


async def remind(database: Database, renderers: Renderers, *moments: datetime) -> list[Letter]:
    """Remind the staff of a portal that promises answers in three days, by a node each time."""
    settings = settings_for("smtp://localhost", PORTAL_ANSWER_DAYS="3")
    for moment in moments:
        await Delivery(database, settings, lambda: renderers).remind(moment)
    return await all_letters(database)


async def test_staff_are_told_once_a_working_day_what_is_overdue(
    own: Database, renderers: Renderers
) -> None:
    await receive(own, TUESDAY - timedelta(days=4))
    too_early = TUESDAY - timedelta(minutes=1)
    assert await remind(own, renderers, too_early, EPIPHANY, SATURDAY) == []
    later = TUESDAY + timedelta(hours=3)
    assert len(await remind(own, renderers, TUESDAY, TUESDAY, later)) == 1
    await own.write(send_all)
    (_, wednesday) = await remind(own, renderers, TUESDAY + timedelta(days=1))
    assert (wednesday.kind, wednesday.recipient) == ("overdue", STAFF)


async def test_staff_are_told_nothing_where_nothing_is_overdue(
    own: Database, renderers: Renderers
) -> None:
    await receive(own, TUESDAY - timedelta(days=2))
    assert await remind(own, renderers, TUESDAY) == []


@pytest.mark.parametrize("days", [3, 4])
async def test_the_reminder_and_the_inbox_agree_on_what_is_overdue(
    own: Database, renderers: Renderers, days: int
) -> None:
    """Also on a case that came between midnight and the hour of the reminder."""
    await receive(own, TUESDAY - timedelta(days=days, hours=3))
    selection = Selection(view="overdue", account_id=0, today=TUESDAY.date(), answer_days=3)
    numbers, _ = await own.read(lambda c: listings.read_counts(c, selection))
    assert len(await remind(own, renderers, TUESDAY)) == numbers["overdue"] == days - 3


async def test_the_reminder_counts_when_it_is_sent(
    own: Database, renderers: Renderers, sink: Sink
) -> None:
    for days in (400, 500):
        await receive(own, TUESDAY - timedelta(days=days))
    await remind(own, renderers, TUESDAY)
    settings = settings_for(sink.url, PORTAL_ANSWER_DAYS="3")
    await own.write(make_all_due)
    await Delivery(own, settings, lambda: renderers).run_once()
    assert "2 ärenden" in part(sink.letters[0], "plain")


def send_all(connection: sa.Connection) -> None:
    connection.execute(sa.update(letters).values(delivered_at=TUESDAY))


def make_all_due(connection: sa.Connection) -> None:
    connection.execute(sa.update(letters).values(not_before=TUESDAY - timedelta(days=400)))


async def receive(database: Database, now: datetime) -> None:
    """Receive a message of its own at a moment."""
    arrival = Arrival(Submission(f"{now}", "", "", None, "sv"), 1, 0)
    await database.write_together(partial(receive_all, now=now), arrival)
