"""A real mail server that keeps what it is sent, and answers as a test says."""

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from itertools import chain, repeat
from threading import Event
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

TAKEN = "250 OK"
PATIENCE = 30.0
"""Seconds to wait for a letter that must come."""
HANG_UP = "hang up"
"""Closes the connection in place of a reply."""


@dataclass
class Sink:
    """What came in, and the replies that are still to be given."""

    port: int
    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    """Every one that was named, also of letters that were refused."""
    greetings: set[str] = field(default_factory=set)
    """The names by which clients greeted it."""
    to_recipient: Iterator[str] = field(default_factory=lambda: repeat(TAKEN))
    to_content: Iterator[str] = field(default_factory=lambda: repeat(TAKEN))
    seconds: float = 0.0
    """How long it takes to reply to a letter's content."""
    has_letter: Event = field(default_factory=Event)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def reply(self, recipient: str = TAKEN, content: str = TAKEN) -> None:
        """Reply so once, and take everything after that."""
        self.to_recipient = chain([recipient], repeat(TAKEN))
        self.to_content = chain([content], repeat(TAKEN))

    async def first_letter(self) -> EmailMessage:
        """Wait for the first letter."""
        assert await asyncio.to_thread(self.has_letter.wait, PATIENCE)
        return self.letters[0]

    async def letter_to(self, recipient: str, number: int = 1) -> EmailMessage:
        """Wait for the first letter to somebody, or a later one."""
        for _ in range(int(PATIENCE * 20)):
            letters = [letter for letter in self.letters if letter["to"] == recipient]
            if len(letters) >= number:
                return letters[number - 1]
            await asyncio.sleep(0.05)
        raise AssertionError([letter["subject"] for letter in self.letters])

    async def handle_RCPT(  # noqa: N802 - the server calls it so
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.recipients.append(address)
        envelope.rcpt_tos.append(address)
        return next(self.to_recipient)

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content: Any = envelope.content
        message: Any = message_from_bytes(content, policy=default)
        self.greetings.add(str(session.host_name))
        self.letters.append(message)
        self.has_letter.set()
        await asyncio.sleep(self.seconds)
        reply = next(self.to_content)
        if reply == HANG_UP:
            transport: Any = server.transport
            transport.abort()
        return reply


@contextmanager
def open_sink(**options: Any) -> Iterator[Sink]:
    """Run a mail server on a port of its own.

    Args:
        options: as the server takes them, such as a certificate.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    sink = Sink(port)
    controller = Controller(sink, hostname="127.0.0.1", port=port, **options)
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # its own
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()


def part(letter: EmailMessage, subtype: str) -> str:
    """One part of a letter, decoded: ``plain`` or ``html``."""
    body = letter.get_body((subtype,))
    assert body is not None
    content: str = body.get_content()
    return content.replace("\r\n", "\n")
