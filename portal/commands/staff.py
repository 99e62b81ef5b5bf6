"""``portal staff``: the accounts of the staff who use the inbox."""

import argparse
import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from operator import attrgetter
from typing import Any, TypeVar

from portal.commands.command import (
    Parsers,
    add_command,
    add_group,
    print_json,
    read_settings,
    report,
    visible,
)
from portal.content import mail_addresses
from portal.content.characters import INVISIBLE, UNREADABLE
from portal.settings import Settings
from portal.staff import accounts, passwords
from portal.staff.accounts import Account, NameTaken
from portal.storage.database import Database

FULL_NAME_LIMIT = 100
"""Longest full name, in characters."""

Result = TypeVar("Result")


def add_to(nouns: Parsers) -> None:
    """Add the commands to the parser."""
    group = add_group(nouns, "staff", "the accounts of the staff who use the inbox")
    parser = add_command(group, "add", add)
    parser.add_argument("name", help="the name for signing in")
    parser.add_argument("--full-name", required=True, help="the name that colleagues see")
    parser.add_argument("--role", required=True, choices=accounts.ROLES)
    parser.add_argument(
        "--email", default="", help="the address for notices about the person's cases"
    )
    parser = add_command(group, "list", list_all)
    parser.add_argument("--json", action="store_true")
    add_command(group, "disable", disable).add_argument("name")
    add_command(group, "reset", reset).add_argument("name")


def add(arguments: argparse.Namespace) -> int:
    """Create an account, and print its first password."""
    settings = read_settings()
    name, full_name = accounts.normalised_name(arguments.name), arguments.full_name.strip()
    email = mail_addresses.normalised(arguments.email)
    if faults := _faults(name, full_name, email):
        return report(*faults)
    password = passwords.first_password()
    make = partial(
        accounts.add,
        name=name,
        full_name=full_name,
        role=arguments.role,
        email=email,
        password_hash=passwords.password_hash(password),
        now=datetime.now(UTC),
    )
    try:
        _in_database(settings, make)
    except NameTaken:
        return report(f"There is an account {name} already: see portal staff reset.")
    _print_first_password(settings, name, password)
    return 0


def list_all(arguments: argparse.Namespace) -> int:
    """List all accounts with their roles."""
    people = _in_database(read_settings(), accounts.everybody)
    people.sort(key=attrgetter("name"))
    if arguments.json:
        print_json([_plain(account) for account in people])
    elif not people:
        print("There are no accounts yet.")
    else:
        for account in people:
            print(account.name, account.role, account.state, visible(account.full_name), sep="\t")
    return 0


def disable(arguments: argparse.Namespace) -> int:
    """Disable an account, and end its sessions."""
    settings, now = read_settings(), datetime.now(UTC)
    if not _change(settings, arguments.name, partial(accounts.disable, now=now)):
        return report(f"There is no account {visible(arguments.name)}.")
    return 0


def reset(arguments: argparse.Namespace) -> int:
    """Give an account a new first password, remove its second factor, and end its sessions."""
    settings, password = read_settings(), passwords.first_password()
    change = partial(accounts.reset, password_hash=passwords.password_hash(password))
    if not _change(settings, arguments.name, change):
        return report(f"There is no account {visible(arguments.name)}.")
    _print_first_password(settings, accounts.normalised_name(arguments.name), password)
    return 0


def _faults(name: str, full_name: str, email: str) -> list[str]:
    faults = []
    if not accounts.is_name(name):
        faults.append(f"{visible(name)}: a name has 2 to 40 of a-z, 0-9, '.', '_' and '-'.")
    is_readable = not (INVISIBLE.fullmatch(full_name) or UNREADABLE.search(full_name))
    if not is_readable or len(full_name) > FULL_NAME_LIMIT:
        faults.append(f"--full-name: needs a name of at most {FULL_NAME_LIMIT} characters.")
    if email and mail_addresses.checked(email) is None:
        faults.append(f"--email: {visible(email)} is not an e-mail address.")
    return faults


def _print_first_password(settings: Settings, name: str, password: str) -> None:
    print(f"Name: {name}")
    print(f"First password: {password}")
    print("It is not shown again. Its owner replaces it at the first sign-in, and enrols a")
    print(f"second factor there: {settings.base_url}/inbox")


def _change(settings: Settings, name: str, change: Callable[[Any, Account], None]) -> bool:
    """Change the account with a name; returns whether there is one."""

    def job(connection: Any) -> bool:
        account = accounts.find(connection, accounts.normalised_name(name))
        if account:
            change(connection, account)
        return account is not None

    return _in_database(settings, job)


def _in_database(settings: Settings, job: Callable[[Any], Result]) -> Result:
    """Run a job in a transaction; creates the tables of an SQLite database if necessary."""

    async def run() -> Result:
        database = Database(settings.database_url)
        if settings.embedded:
            database.upgrade()
        await database.start()
        try:
            return await database.write(job)
        finally:
            await database.stop()

    return asyncio.run(run())


def _plain(account: Account) -> dict[str, object]:
    """An account for JSON, without its secrets."""
    return {
        "name": account.name,
        "full_name": account.full_name,
        "role": account.role,
        "email": account.email,
        "state": account.state,
        "created_at": account.created_at.isoformat(),
    }
