"""``portal messages``: the messages received."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import asdict
from typing import Any, TypeVar

from portal.cases import messages
from portal.commands.command import (
    Parsers,
    add_command,
    add_group,
    print_json,
    read_settings,
    report,
    visible,
)
from portal.content.hours import ZONE
from portal.settings import Settings
from portal.storage.database import Database
from portal.storage.engines import sqlite_file

NONE_YET = "There are no messages yet."
LINE_BREAK_AND_TAB = "\n\t"

Result = TypeVar("Result")


def add_to(nouns: Parsers) -> None:
    """Add the commands to the parser."""
    group = add_group(nouns, "messages", "the messages received")
    parser = add_command(group, "list", list_newest)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    parser = add_command(group, "show", show)
    parser.add_argument("reference")
    parser.add_argument("--json", action="store_true")


def list_newest(arguments: argparse.Namespace) -> int:
    """List the newest messages."""
    settings = read_settings()
    newest: Sequence[messages.Message] = []
    if _has_tables(settings):
        newest = _read(settings, lambda connection: messages.newest(connection, arguments.count))
    if arguments.json:
        print_json([_plain(message) for message in newest])
    elif not newest:
        print(NONE_YET)
    else:
        for message in newest:
            first_line = visible(message.text.strip().partition("\n")[0])
            print(message.reference, _local(message), message.language, first_line[:60])
    return 0


def show(arguments: argparse.Namespace) -> int:
    """Show one message; its text is as it was sent, but for control characters."""
    settings = read_settings()
    if not _has_tables(settings):
        return report(NONE_YET)
    reference = arguments.reference
    message = _read(settings, lambda connection: messages.find_by_reference(connection, reference))
    if message is None:
        return report(f"No message has the reference {visible(reference)}.")
    if arguments.json:
        print_json(_plain(message))
        return 0
    fields = _plain(message) | {"received_at": _local(message)}
    text = fields.pop("text")
    for name, value in fields.items():
        print(f"{name}: {visible(str(value or ''))}")
    print(f"\n{visible(text, LINE_BREAK_AND_TAB)}", end="")
    return 0


def _has_tables(settings: Settings) -> bool:
    """Whether there can be messages; where nothing was ever served, no database is made."""
    if settings.embedded and not sqlite_file(settings.database_url).exists():
        return False
    with closing(Database(settings.database_url)) as database:
        return bool(database.revisions()[0])


def _local(message: messages.Message) -> str:
    """When a message was received, as its sender's receipt says it, with the time zone."""
    return f"{message.received_at.astimezone(ZONE):%Y-%m-%d %H:%M %Z}"


def _read(settings: Settings, read: Callable[[Any], Awaitable[Result]]) -> Result:
    """Read with a connection of the database."""

    async def run() -> Result:
        database = Database(settings.database_url)
        try:
            async with database.reading() as connection:
                return await read(connection)
        finally:
            await database.stop()

    return asyncio.run(run())


def _plain(message: messages.Message) -> dict[str, Any]:
    """A message for JSON, without the code that opens its page."""
    columns = asdict(message) | {"received_at": message.received_at.isoformat()}
    return {name: value for name, value in columns.items() if name != "code"}
