"""``portal outbox``: the letters that wait, and those that could not be delivered."""

import argparse
import asyncio
import signal
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from portal.cases import outbox, references
from portal.cases.outbox import Letter
from portal.commands.command import (
    Parsers,
    add_command,
    add_group,
    local_time,
    positive,
    print_json,
    read_settings,
    report,
    visible,
)
from portal.commands.schema import has_tables, read, schema_faults
from portal.i18n.rendering import Renderers
from portal.i18n.templates import read_renderers
from portal.mail.delivery import Delivery, delivering
from portal.settings import Settings
from portal.storage.database import Database
from portal.storage.engines import begin
from portal.storage.secret_key import open_secret_key

NONE_WAIT = "No letter waits, and none has failed."
NO_SERVER = "No letters are sent: PORTAL_SMTP_URL is not set."


def add_to(nouns: Parsers) -> None:
    """Add the commands to the parser."""
    group = add_group(nouns, "outbox", "the letters to guardians and staff")
    parser = add_command(group, "list", list_letters)
    parser.add_argument("--count", type=positive, default=100)
    parser.add_argument("--json", action="store_true")
    parser = add_command(group, "retry", retry)
    parser.add_argument(
        "letter", type=int, nargs="?", help="the number of one letter; default: all"
    )
    parser = add_command(group, "run", run)
    parser.add_argument("--once", action="store_true", help="stop when no letter is due")


def list_letters(arguments: argparse.Namespace) -> int:
    """List the letters that wait or could not be delivered, the oldest first."""
    settings = read_settings()
    letters: Sequence[Letter] = []
    if has_tables(settings):
        letters = read(settings, partial(outbox.waiting_or_failed, count=arguments.count))
    if arguments.json:
        print_json([_plain(letter) for letter in letters])
    elif not letters:
        print(NONE_WAIT)
    else:
        for letter in letters:
            fields = _plain(letter)
            state = f"waits until {local_time(letter.not_before)}"
            if letter.failed_at:
                state = f"failed {local_time(letter.failed_at)}"
            print(letter.id, letter.kind, fields["reference"] or "-", state, end=" ")
            print(f"attempts: {letter.attempts} {letter.fault}".strip(), visible(letter.recipient))
    return 0


def retry(arguments: argparse.Namespace) -> int:
    """Retry at once the letters that have failed or wait after a failure."""
    settings = read_settings()
    count = 0
    if has_tables(settings):
        with (
            closing(Database(settings.database_url)) as database,
            database.connect() as connection,
            begin(connection),
        ):
            count = outbox.retry(connection, datetime.now(UTC), arguments.letter)
    if arguments.letter is not None and not count:
        return report(f"There is no letter {arguments.letter} that failed.")
    print(f"Letters to be tried again: {count}")
    return 0


def run(arguments: argparse.Namespace) -> int:
    """Deliver letters without serving pages, until stopped."""
    settings = read_settings()
    if not settings.smtp_url:
        return report(NO_SERVER)
    if faults := schema_faults(settings):
        return report(*faults)
    settings = replace(settings, secret_key=open_secret_key(settings))
    asyncio.run(_deliver(settings, read_renderers(settings), arguments.once))
    return 0


async def _deliver(settings: Settings, renderers: Renderers, once: bool) -> None:
    database, stopped = Database(settings.database_url), asyncio.Event()
    await database.start()
    try:
        if once:
            await Delivery(database, settings, lambda: renderers).run_once()
        else:
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, stopped.set)
            async with delivering(database, settings, lambda: renderers):
                await stopped.wait()
    finally:
        await database.stop()


def _plain(letter: Letter) -> dict[str, Any]:
    """A letter for JSON, with times in ISO 8601."""
    values = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(letter).items()
    }
    del values["case_id"]
    reference = references.reference(letter.case_id) if letter.case_id else None
    return values | {"reference": reference}
