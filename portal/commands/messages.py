"""``portal messages``: the messages received."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
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
)
from portal.storage.database import Database

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
    newest = _read(lambda connection: messages.newest(connection, arguments.count))
    if arguments.json:
        print_json([_plain(message) for message in newest])
        return 0
    for message in newest:
        first_line = message.text.strip().splitlines()[0]
        received_at = f"{message.received_at:%Y-%m-%d %H:%M}"
        print(message.reference, received_at, message.language, first_line[:60])
    return 0


def show(arguments: argparse.Namespace) -> int:
    """Show one message, its text exactly as it was sent."""
    reference = arguments.reference
    message = _read(lambda connection: messages.find_by_reference(connection, reference))
    if message is None:
        return report(f"No message has the reference {reference}.")
    if arguments.json:
        print_json(_plain(message))
        return 0
    for name, value in _plain(message).items():
        if name != "text":
            print(f"{name}: {value or ''}")
    print()
    sys.stdout.flush()
    sys.stdout.buffer.write(message.text.encode())
    return 0


def _read(read: Callable[[Any], Awaitable[Result]]) -> Result:
    """Read with a connection of the database."""

    async def run() -> Result:
        database = Database(read_settings().database_url)
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
