"""Composes the e-mail message of a letter in the outbox, in the language of its reader.

A letter says that there is something to read, and where, but not what. E-mail is stored on
other people's servers, so it contains no name and no text of a message or an answer. The
recipient's address is the only thing in a header that a person typed.
"""

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from html import unescape
from typing import Any

from portal.cases.addresses import case_address
from portal.cases.messages import Case
from portal.cases.outbox import TO_GUARDIANS, Letter
from portal.content.characters import ISOLATED
from portal.content.mail_addresses import with_ascii_domain
from portal.i18n.hyphenation import SOFT_HYPHEN
from portal.i18n.rendering import Rendered, Renderer, Renderers
from portal.settings import Settings

CHECK = "check"
"""The kind of the letter with which an operator tries the mail server."""
_TITLE = re.compile("<title>(.*?)</title>", re.DOTALL)
_BLOCK = re.compile(r"<p\b[^>]*>(.*?)</p>", re.DOTALL)
_TAG = re.compile("<[^>]*>")
_LINK = re.compile(r'<a href="(https?:[^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
_NUMBER = re.compile(r'<bdi\b[^>]*\bdir="ltr"[^>]*>(.*?)</bdi>', re.DOTALL)


def message(
    letter: Letter, case: Case | None, renderers: Renderers, settings: Settings, overdue: int = 0
) -> EmailMessage:
    """The message of a letter, with the same Message-ID in all attempts.

    Args:
        letter: as the outbox has it.
        case: the case that it is about, if it is about one.
        renderers: of all languages; Swedish replaces a language that was removed.
        settings: the sender, and the address of the portal.
        overdue: how many cases are overdue, for the letter about them.

    Raises:
        ValueError: when an address is not allowed in a header.
    """
    languages = renderers.languages
    renderer = renderers(languages.get(letter.language, languages.source))
    address = _address(letter.kind, case, renderer, settings)
    html = render(
        renderer,
        letter.kind,
        address=address,
        asks_for_code=settings.mail_link == "code",
        overdue=overdue,
    ).html
    return _message(letter, renderer, settings, html)


def render(renderer: Renderer, kind: str, **values: Any) -> Rendered:
    """The HTML part of a letter.

    Args:
        renderer: of its language.
        kind: as the outbox has it, or ``CHECK``.
        values: ``address``, which its link opens; ``asks_for_code``, whether that page asks
            for the code of the case; ``overdue``.
    """
    folder = "mail" if kind in TO_GUARDIANS else "mail/staff"
    return renderer.render(f"{folder}/{kind}.html", **values)


def subject(html: str) -> str:
    """The subject of a letter: the title of its HTML part."""
    (title,) = _TITLE.findall(html)
    return unescape(title)


def text_part(html: str, direction: str) -> str:
    """The text part of a letter: the same blocks, with each address on a line of its own.

    Args:
        html: the HTML part.
        direction: of the language. In a text from right to left, control characters isolate
            a telephone number, as elements do in HTML (UAX 9).
    """
    blocks = []
    for block in _BLOCK.findall(html):
        block = _LINK.sub(r"\2:\n\1", block).replace("<br>", "\n")
        if direction == "rtl":
            block = _NUMBER.sub(lambda match: ISOLATED % match[1], block)
        blocks.append(unescape(_TAG.sub("", block)))
    return "\n\n".join(blocks) + "\n"


def _address(kind: str, case: Case | None, renderer: Renderer, settings: Settings) -> str:
    """The address that the link of a letter opens; empty if it has no link."""
    path = "" if kind == CHECK else "/inbox"
    if case and kind not in TO_GUARDIANS:
        path = f"/inbox/{case.reference}"
    elif case and settings.mail_link == "code":
        path = renderer.href("arende")
    elif case:
        key = case_address(settings.secret_key, case.number, case.address_version)
        path = renderer.href(f"arende/{key}")
    return path and settings.base_url + path


def _message(letter: Letter, renderer: Renderer, settings: Settings, html: str) -> EmailMessage:
    # In pages the style sheet keeps telephone numbers on one line; letters have none.
    html = html.replace('class="phone"', 'style="white-space: nowrap"').replace(SOFT_HYPHEN, "")
    sender = _mailbox(settings.mail_from, renderer.renderers.values["facts"].administration)
    headers = {
        "From": sender,
        "To": _mailbox(letter.recipient),
        "Reply-To": settings.mail_reply_to and _mailbox(settings.mail_reply_to),
        "Subject": subject(html),
        # Not the time of the attempt: a program that gets the letter twice sees the same date.
        "Date": letter.queued_at,
        "Message-ID": f"<{letter.message_id}@{sender.domain}>",
        # So that no program answers it (RFC 3834), Microsoft's included (MS-OXCMAIL). Servers
        # still report when they cannot deliver it.
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
    }
    message = EmailMessage(policy=SMTP)
    for name, value in headers.items():
        if value:
            message[name] = value
    text = text_part(html, renderer.language.direction)
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    # Set last: add_alternative() moves it into a part.
    message["Content-Language"] = renderer.language.tag
    return message


def _mailbox(address: str, name: str = "") -> Address:
    """An address for a header, with the name of its owner."""
    local_part, _, domain = with_ascii_domain(address).rpartition("@")
    return Address(name, local_part, domain)
