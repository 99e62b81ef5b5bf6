"""``portal mail``: test the delivery of letters."""

import argparse
import asyncio
import secrets
from datetime import UTC, datetime
from urllib.parse import urlsplit

from portal.cases.outbox import Letter
from portal.commands.command import Parsers, add_command, add_group, read_settings, report, visible
from portal.commands.outbox import NO_SERVER
from portal.content import mail_addresses
from portal.i18n.languages import SOURCE
from portal.i18n.templates import read_renderers
from portal.mail import letters
from portal.mail.delivery import NotSent, send
from portal.settings import Settings

DNS = """\
Mail services expect these DNS records (the portal does not look them up):

SPF    {domain} TXT "v=spf1 … -all", which allows the servers that {server} sends from
DKIM   <selector>._domainkey.{domain} TXT: the key with which {server} signs
       what comes from {domain}; the portal itself signs nothing
DMARC  _dmarc.{domain} TXT "v=DMARC1; p=…; rua=mailto:…"
PTR    the network address that {server} sends from has a name, and the
       name has that address"""


def add_to(nouns: Parsers) -> None:
    """Add the command to the parser."""
    group = add_group(nouns, "mail", "test the delivery of letters")
    parser = add_command(group, "check", check)
    parser.add_argument("address", type=_address)


def check(arguments: argparse.Namespace) -> int:
    """Send a test letter to an address, and list the DNS records that letters need."""
    settings = read_settings()
    if not settings.smtp_url:
        return report(NO_SERVER)
    try:
        asyncio.run(_send(settings, arguments.address))
    except NotSent as failure:
        return report(
            f"The letter was not accepted: {failure.fault} {visible(failure.reply)}".strip()
        )
    domain = mail_addresses.with_ascii_domain(settings.mail_from).rpartition("@")[2]
    server = urlsplit(settings.smtp_url).hostname
    print(f"{server} has accepted the letter. Check that it arrives, and not as spam.\n")
    print(DNS.format(domain=domain, server=server))
    return 0


async def _send(settings: Settings, recipient: str) -> None:
    """Send a letter that is not in the outbox."""
    now = datetime.now(UTC)
    letter = Letter(
        id=0,
        kind=letters.CHECK,
        case_id=None,
        recipient=recipient,
        language=SOURCE,
        message_id=secrets.token_hex(16),
        queued_at=now,
        not_before=now,
        attempts=1,
        delivered_at=None,
        failed_at=None,
        fault="",
    )
    await send(letters.message(letter, None, read_renderers(settings), settings), settings)


def _address(text: str) -> str:
    """An address that mail can reach."""
    address = mail_addresses.checked(mail_addresses.normalised(text))
    if address is None:
        raise argparse.ArgumentTypeError(f"{text} is not an e-mail address")
    return address
