"""Delivers the letters of the outbox to the mail server, and tries again after a failure.

It runs as a task beside the pages, or alone (``portal outbox run``). Any number of nodes may
run it: a letter is taken by one of them (``outbox.claim``). Each letter has a connection of
its own, so that a fault of one connection affects no other letter.

If the server accepts a letter but the connection breaks before its reply, the letter is sent
again with the same Message-ID. That cannot be avoided (RFC 1047), and is harmless for a notice.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from functools import partial
from ipaddress import ip_address
from typing import Any
from urllib.parse import unquote, urlsplit

import aiosmtplib
from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from portal.cases import figures, messages, outbox
from portal.cases.messages import Case
from portal.cases.outbox import Letter, NewLetter
from portal.content.hours import ZONE, is_working_day
from portal.content.mail_addresses import with_ascii_domain
from portal.i18n.languages import SOURCE
from portal.i18n.rendering import Renderers
from portal.mail import letters
from portal.settings import Settings
from portal.storage.database import Database, Unavailable

LOOK_SECONDS = 1.0
"""Until the next look into the outbox when no letter is due."""
PAUSE_SECONDS = 15.0
"""Until the next look after something failed, such as the database."""
AT_ONCE = 4
"""Letters that one node sends at the same time."""
REPLY_SECONDS = 60.0
"""How long the mail server may take for one reply."""
SIGN_IN_SECONDS = 20.0
"""The timeout of signing in to the mail server for ``portal check``."""
TIMEOUT_SECONDS = 240.0
"""How long an attempt may take; shorter than the lease of the letter."""
STOP_SECONDS = 10.0
"""How long running attempts may take when the portal is stopped."""
REMIND_AT = time(7, 0)
"""When staff are told of overdue cases, in Swedish time."""

_PERMANENT = 500
"""The lowest SMTP code of a permanent refusal (RFC 5321, 4.2.1)."""
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}

log = logging.getLogger(__name__)


class NotSent(Exception):
    """The mail server has not accepted a letter.

    Args:
        fault: the code of its refusal, or the kind of the fault; nothing personal.
        is_permanent: whether no further attempt can succeed.
        reply: the server's own words, which may name the recipient.
    """

    def __init__(self, fault: str, is_permanent: bool = False, reply: str = "") -> None:
        super().__init__(fault)
        self.fault = fault
        self.is_permanent = is_permanent
        self.reply = reply


class Delivery:
    """Delivers the letters of one outbox.

    Args:
        database: with the outbox; its writer runs.
        settings: the mail server and the sender.
        renderers: returns the current renderers.
    """

    def __init__(
        self, database: Database, settings: Settings, renderers: Callable[[], Renderers]
    ) -> None:
        self._database = database
        self._settings = settings
        self._renderers = renderers
        self._stopping = asyncio.Event()
        self._pause = LOOK_SECONDS
        self._reminded_on: date | None = None

    async def run(self) -> None:
        """Deliver letters and remind staff until stopped, then finish the running attempts.

        A slow attempt occupies one worker while the others go on.
        """
        workers: set[asyncio.Task[None]] = set()
        while not self._stopping.is_set():
            workers = {worker for worker in workers if not worker.done()}
            workers |= self._start_workers(AT_ONCE - len(workers))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._pause)
        await asyncio.gather(*workers)

    async def run_once(self) -> None:
        """Queue the reminder if it is due, and try each letter that is due."""
        await asyncio.gather(*self._start_workers(AT_ONCE))

    def stop(self) -> None:
        """Take no further letter."""
        self._stopping.set()

    async def remind(self, now: datetime) -> None:
        """Queue a letter about overdue cases, from seven o'clock on a working day.

        Its Message-ID contains the date, so it is queued only once a day, however many nodes
        run and however often they restart.

        Raises:
            Unavailable: when the database cannot be used.
        """
        local, recipient = now.astimezone(ZONE), self._settings.mail_to
        day = local.date()
        if not (recipient and self._settings.confirmed.answer_days) or day == self._reminded_on:
            return
        if local.time() < REMIND_AT or not is_working_day(day):
            return
        if await self._count_overdue(now):
            letter = NewLetter("overdue", recipient, SOURCE, message_id=f"overdue-{day}")
            await self._database.write(partial(outbox.queue, new=[letter], now=now))
        self._reminded_on = day

    def _start_workers(self, count: int) -> set[asyncio.Task[None]]:
        return {asyncio.create_task(self._work()) for _ in range(count)}

    async def _work(self) -> None:
        """Take letters and try to deliver them, until none is due."""
        try:
            await self.remind(datetime.now(UTC))
            while not self._stopping.is_set():
                taken = await self._database.write(partial(_take, now=datetime.now(UTC)))
                if taken is None:
                    break
                await self._attempt(*taken)
            self._pause = LOOK_SECONDS
        except Exception as error:  # try again later; pages must be served meanwhile
            log.error("letters wait: %s", type(error).__name__)
            self._pause = PAUSE_SECONDS

    async def _attempt(self, letter: Letter, case: Case | None) -> None:
        """Try to deliver a letter, and record the outcome."""
        failure = None
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                overdue = 0
                if letter.kind == "overdue":
                    overdue = await self._count_overdue(datetime.now(UTC))
                renderers, settings = self._renderers(), self._settings
                await send(letters.message(letter, case, renderers, settings, overdue), settings)
        except NotSent as error:
            failure = error
        except Exception as error:  # the worker must go on with the other letters
            failure = NotSent(type(error).__name__)
        with suppress(Unavailable):  # the letter is taken again when its lease ends
            await self._database.write(self._outcome(letter, failure))

    def _outcome(self, letter: Letter, failure: NotSent | None) -> Callable[[Any], None]:
        """The function that records the outcome of an attempt."""
        now = datetime.now(UTC)
        if failure is None:
            log.info("letter %d is delivered", letter.id)
            return partial(outbox.note_delivery, letter=letter, now=now)
        log.warning("letter %d, attempt %d: %s", letter.id, letter.attempts, failure.fault)
        wait = timedelta(seconds=max(self._settings.mail_retry_seconds, LOOK_SECONDS))
        return partial(
            outbox.note_failure,
            letter=letter,
            fault=failure.fault,
            now=now,
            first_wait=None if failure.is_permanent else wait,
        )

    async def _count_overdue(self, now: datetime) -> int:
        """How many open cases have waited longer than the promised days, as in the inbox."""
        today = figures.swedish_day(now)
        due_day = figures.due_day(today, self._settings.confirmed.answer_days)
        return await self._database.read(lambda c: figures.open_before(c, due_day))


def _take(connection: Any, now: datetime) -> tuple[Letter, Case | None] | None:
    """Take the next letter, and read the case that it is about."""
    letter = outbox.claim(connection, now)
    if letter is None:
        return None
    return letter, messages.case_numbered(connection, letter.case_id) if letter.case_id else None


@asynccontextmanager
async def delivering(
    database: Database, settings: Settings, renderers: Callable[[], Renderers]
) -> AsyncIterator[None]:
    """Deliver letters to the mail server until the end of the block.

    Args:
        database, settings, renderers: as ``Delivery`` takes them.
    """
    delivery = Delivery(database, settings, renderers)
    task = asyncio.create_task(delivery.run())
    try:
        yield
    finally:
        delivery.stop()
        await asyncio.wait({task}, timeout=STOP_SECONDS)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def send(message: EmailMessage, settings: Settings) -> None:
    """Send a message to the mail server, over a connection of its own.

    Args:
        message: with its sender and its recipient.
        settings: the address of the mail server. Encryption with a valid certificate is
            required, except for a server on this machine.

    Raises:
        NotSent: when the server has not accepted it, or may not have.
    """
    sender = with_ascii_domain(settings.mail_from)
    try:
        await aiosmtplib.send(message, sender=sender, **_connection(settings))
    except (SMTPException, OSError, ValueError) as error:
        raise _not_sent(error) from None


async def sign_in(settings: Settings) -> None:
    """Connect to the mail server as for a letter, and send none.

    Raises:
        NotSent: when connecting or signing in fails.
    """
    try:
        async with asyncio.timeout(SIGN_IN_SECONDS), SMTP(**_connection(settings)):
            pass
    except (SMTPException, OSError, ValueError) as error:
        raise _not_sent(error) from None


def _connection(settings: Settings) -> dict[str, Any]:
    """The arguments with which aiosmtplib connects to the mail server."""
    server = urlsplit(settings.smtp_url)
    return {
        "hostname": server.hostname,
        "port": server.port or _PORTS[server.scheme],
        "username": unquote(server.username) if server.username else None,
        "password": unquote(server.password) if server.password else None,
        # If it were left out, aiosmtplib would ask DNS for it.
        "local_hostname": _own_name(settings),
        "timeout": REPLY_SECONDS,
        "use_tls": server.scheme == "smtps",
        "start_tls": server.scheme == "smtp+starttls",
    }


def _own_name(settings: Settings) -> str:
    """The name with which the portal introduces itself (RFC 5321, 4.1.3 and 4.1.4)."""
    host = urlsplit(settings.base_url).hostname or ""
    try:
        version = ip_address(host).version
    except ValueError:
        return host
    return f"[{host}]" if version == 4 else f"[IPv6:{host}]"


def _not_sent(error: Exception) -> NotSent:
    """What a fault of the connection or a refusal means for a letter.

    Only a 5xx refusal of the recipient or the content is permanent (RFC 5321, 4.2.1). A refused
    sender or password is for the operator to correct.
    """
    if isinstance(error, SMTPRecipientsRefused):
        error = error.recipients[0]
    if isinstance(error, SMTPResponseException):
        is_permanent = isinstance(error, (SMTPRecipientRefused, SMTPDataError))
        return NotSent(f"{error.code}", is_permanent and error.code >= _PERMANENT, error.message)
    return NotSent(type(error).__name__, reply=f"{error}")
