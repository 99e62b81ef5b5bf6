"""``portal check``: the faults of a deployment, before it serves.

``CHECKS`` lists the checks. Each check is a generator of faults and notes, and changes no
data and no settings.
"""

import argparse
import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from tempfile import TemporaryFile
from urllib.parse import urlsplit

from jinja2 import TemplateError

from portal.commands.command import (
    FAULT,
    Fault,
    Parsers,
    add_command,
    print_json,
    read_settings,
    report,
    visible,
)
from portal.commands.schema import schema_faults
from portal.i18n.catalogs import CatalogError
from portal.i18n.languages import strange_folders
from portal.i18n.templates import LOCALES
from portal.mail.delivery import NotSent, sign_in
from portal.settings import Settings, SettingsError
from portal.storage.database import Unavailable
from portal.storage.engines import sqlite_file
from portal.storage.migrations import NewerDatabase
from portal.storage.secret_key import key_file
from portal.web.edition import build

FREE_BYTES = 100 * 1024 * 1024
"""Required free space for an SQLite database."""
YEARS = range(2026, 2100)
"""Plausible years. A clock that was never set says 1970, or the year of manufacture."""


class Note(Fault):
    """A choice that may be intended and is not a fault; the operator should know of it."""


def add_to(nouns: Parsers) -> None:
    """Add the command to the parser."""
    parser = add_command(nouns, "check", run)
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """List the faults of this deployment, each with its remedy."""
    findings = list(_findings())
    notes: list[Fault] = [finding for finding in findings if isinstance(finding, Note)]
    faults = [finding for finding in findings if finding not in notes]
    if arguments.json:
        print_json(
            {
                "faults": [fault._asdict() for fault in faults],
                "notes": [note._asdict() for note in notes],
            }
        )
        return FAULT if faults else 0
    if not faults:
        print("All well.")
    for note in notes:
        print(note)
    return report(*faults)


def _findings() -> Iterator[Fault]:
    try:
        settings = read_settings()
    except SettingsError as error:
        for fault in error.faults:
            yield Fault("settings", fault, "Correct it; README.md lists all settings.")
        return
    for check in CHECKS:
        yield from check(settings)


def check_texts(settings: Settings) -> Iterator[Fault]:
    """Check that every page can be built in every language."""
    try:
        edition = build(settings)
        for address in edition.resources:
            edition.resources.built(address)
        lines = [*strange_folders(LOCALES), *edition.faults]
    except (CatalogError, TemplateError) as error:
        lines = [str(error)]
    for line in lines:
        yield Fault("catalogs", f"{line}.", "Run portal catalogs check.")


def check_database(settings: Settings) -> Iterator[Fault]:
    """Check that the database answers, can store every script, and is at the right revision."""
    if settings.embedded and not sqlite_file(settings.database_url).exists():
        return  # the first start creates it
    try:
        yield from schema_faults(settings, upgrades_itself=settings.embedded)
    except Unavailable:
        yield Fault(
            "database", "It cannot be used.", "Is DATABASE_URL right, and is the server running?"
        )
    except NewerDatabase as error:
        yield Fault("database", str(error), "See docs/operating.md, Backup.")


def check_disk(settings: Settings) -> Iterator[Fault]:
    """Check that an SQLite database can be written, and who can read it and the key."""
    if not settings.embedded:
        return
    path, key = sqlite_file(settings.database_url), key_file(settings.database_url)
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    try:
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        yield Fault("disk", f"{folder} cannot be written: {error.strerror}.", OWNER)
    if path.exists() and not os.access(path, os.W_OK):
        yield Fault("disk", f"{path} cannot be written.", OWNER)
    if (free := shutil.disk_usage(folder).free) < FREE_BYTES:
        yield Fault("disk", f"{folder} has only {free // 1024**2} MB free.", "Free some space.")
    if key.exists() and key.stat().st_mode & 0o077:
        yield Fault("disk", f"Others can read the secret key {key}.", f"Run chmod 600 {key}.")
    if path.exists() and path.stat().st_mode & 0o007:
        yield Fault("disk", f"Every user can read {path}.", f"Run chmod o= {path}*.")


OWNER = "Make the user who runs the portal its owner."


def check_clock(settings: Settings) -> Iterator[Fault]:
    """Check that the clock has been set; limits and opening hours depend on it."""
    now = datetime.now(UTC)
    if now.year not in YEARS:
        yield Fault("clock", f"It says {now:%Y-%m-%d}.", "Set it, by NTP for example.")


def check_proxy(settings: Settings) -> Iterator[Fault]:
    """Check that trusted proxies are set, and are addresses or networks."""
    proxies = settings.trusted_proxies
    if settings.production and not proxies:
        what = "No proxy is trusted, so all guardians count as one sender."
        yield Fault("proxy", what, "Set PORTAL_TRUSTED_PROXIES to the proxy's address.")
    if settings.production and "*" in proxies:
        what = "Every client is trusted, so any client can forge its address."
        yield Fault("proxy", what, "Name the proxy's address in PORTAL_TRUSTED_PROXIES.")
    for word in proxies:
        if word != "*" and not _is_network(word):
            what = f"{word} is neither an address nor a network, so it is never trusted."
            yield Fault("proxy", what, "Write 10.0.0.1 or 10.0.0.0/8.")


def check_host(settings: Settings) -> Iterator[Fault]:
    """Check that the public can reach the address that links and the sitemap contain."""
    host = (urlsplit(settings.base_url).hostname or "").strip("[]")
    is_private = ip_address(host).is_private if _is_network(host) else "." not in host
    if settings.production and is_private:
        what = f"PORTAL_BASE_URL names {host}, which guardians cannot reach."
        yield Fault("host", what, "Set it to the portal's public address.")


def check_mail(settings: Settings) -> Iterator[Fault]:
    """Check that the portal can sign in to the mail server, if one is set; nothing is sent."""
    if not settings.smtp_url:
        if settings.production:
            what = "No letters are sent: guardians have to look whether there is an answer."
            yield Note("mail", what, "Set PORTAL_SMTP_URL to tell them.")
        return
    try:
        asyncio.run(sign_in(settings))
    except NotSent as failure:
        server = urlsplit(settings.smtp_url).hostname
        what = f"{server} cannot be used: {failure.fault} {visible(failure.reply)}".strip()
        # 53x: a sign-in is required, or was refused.
        is_of_user = failure.fault.startswith("53")
        yield Fault("mail", f"{what}.", WRONG_USER if is_of_user else WRONG_SERVER)


WRONG_USER = "Correct the user, the scheme and the password in PORTAL_SMTP_URL."
WRONG_SERVER = "Is PORTAL_SMTP_URL right, and does the server run, with a valid certificate?"


CHECKS: tuple[Callable[[Settings], Iterator[Fault]], ...] = (
    check_texts,
    check_database,
    check_disk,
    check_clock,
    check_proxy,
    check_host,
    check_mail,
)


def _is_network(word: str) -> bool:
    """Whether a word is an address or a network, of IPv4 or IPv6."""
    try:
        ip_network(word)
    except ValueError:
        return False
    return True
