"""``portal messages``: the messages received."""

import argparse
from collections.abc import Sequence
from functools import partial
from typing import Any

from portal.cases import messages, references
from portal.cases.messages import Case, Message
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
from portal.commands.schema import has_tables, read

NONE_YET = "There are no messages yet."
LINE_BREAK_AND_TAB = "\n\t"


def add_to(nouns: Parsers) -> None:
    """Add the commands to the parser."""
    group = add_group(nouns, "messages", "the messages received")
    parser = add_command(group, "list", list_newest)
    parser.add_argument("--count", type=positive, default=20)
    parser.add_argument("--json", action="store_true")
    parser = add_command(group, "show", show)
    parser.add_argument("reference")
    parser.add_argument("--json", action="store_true")


def list_newest(arguments: argparse.Namespace) -> int:
    """List the newest messages."""
    settings = read_settings()
    newest: Sequence[tuple[Case, Message]] = []
    if has_tables(settings):
        newest = read(settings, lambda connection: messages.newest(connection, arguments.count))
    if arguments.json:
        print_json([_plain(case, [message]) for case, message in newest])
    elif not newest:
        print(NONE_YET)
    else:
        for case, message in newest:
            first_line = visible(message.text.strip().partition("\n")[0])
            came = local_time(message.received_at)
            print(case.reference, came, _language(message), first_line[:60])
    return 0


def show(arguments: argparse.Namespace) -> int:
    """Show the messages of one case, with control characters as escapes."""
    settings = read_settings()
    if not has_tables(settings):
        return report(NONE_YET)
    case, thread = read(settings, partial(_find, number=references.number(arguments.reference)))
    if case is None:
        return report(f"No message has the reference {visible(arguments.reference)}.")
    fields = _plain(case, thread)
    if arguments.json:
        print_json(fields)
        return 0
    for name, value in (fields | {"opened_at": local_time(case.opened_at)}).items():
        if name != "messages":
            print(f"{name}: {visible(str(value or ''))}")
    for message in thread:
        print(f"\n{local_time(message.received_at)} ({_language(message)})")
        print(visible(message.text, LINE_BREAK_AND_TAB))
    return 0


def _find(connection: Any, number: int | None) -> tuple[Case | None, list[Message]]:
    """A case and its messages."""
    case = messages.find_case(connection, number)
    return case, messages.messages_of(connection, case.number) if case else []


def _language(message: Message) -> str:
    """The language of a text: that of its page, unless an officer has corrected it."""
    return message.text_language or message.language


def _plain(case: Case, thread: Sequence[Message]) -> dict[str, Any]:
    """A case and its messages for JSON, without what opens the case: its address and its code."""
    return {
        "reference": case.reference,
        "state": case.state,
        "opened_at": case.opened_at.isoformat(),
        "language": case.language,
        "answer_language": case.answer_language,
        "kind": case.kind,
        "page": case.page,
        "email": case.email,
        "messages": [
            {
                "received_at": message.received_at.isoformat(),
                "language": _language(message),
                "text": message.text,
            }
            for message in thread
        ],
    }
