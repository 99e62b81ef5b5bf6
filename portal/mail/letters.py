"""A letter of the outbox becomes an e-mail message, in the language of its reader.

A letter says that there is something to read, and where: never what. E-mail is stored on
other people's servers, so no word of a message or an answer is in it, and no name. Nothing
that a person typed stands in a header but the address that the letter goes to.
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
    """A letter as it is sent; two attempts give the same but for the boundary of its parts.

    Args:
        letter: as the outbox has it.
        case: the case that it is about, if it is about one.
        renderers: of all languages; the source stands in for one that is gone.
        settings: who sends it, and where the portal is.
        overdue: how many cases are overdue, for the letter that tells it.

    Raises:
        ValueError: when an address cannot stand in a header.
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
        values: ``address``, where its link leads; ``asks_for_code``, whether the page there
            does; ``overdue``.
    """
    folder = "mail" if kind in TO_GUARDIANS else "mail/staff"
    return renderer.render(f"{folder}/{kind}.html", **values)


def subject(html: str) -> str:
    """The subject of a letter: the title of its HTML part."""
    (title,) = _TITLE.findall(html)
    return unescape(title)


def text_part(html: str, direction: str) -> str:
    """The text part of a letter: the same blocks, and each link alone on its line.

    Args:
        html: the HTML part.
        direction: of the language. In a text from right to left, marks keep a telephone
            number together, as the elements do in HTML (Unicode, UAX 9).
    """
    blocks = []
    for block in _BLOCK.findall(html):
        block = _LINK.sub(r"\2:\n\1", block).replace("<br>", "\n")
        if direction == "rtl":
            block = _NUMBER.sub(lambda match: ISOLATED % match[1], block)
        blocks.append(unescape(_TAG.sub("", block)))
    return "\n\n".join(blocks) + "\n"


def _address(kind: str, case: Case | None, renderer: Renderer, settings: Settings) -> str:
    """Where the link of a letter leads; empty where there is none."""
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
    # The style sheet of the pages keeps a telephone number on one line; there is none here.
    html = html.replace('class="phone"', 'style="white-space: nowrap"').replace(SOFT_HYPHEN, "")
    sender = _mailbox(settings.mail_from, renderer.renderers.values["facts"].administration)
    headers = {
        "From": sender,
        "To": _mailbox(letter.recipient),
        "Reply-To": settings.mail_reply_to and _mailbox(settings.mail_reply_to),
        "Subject": subject(html),
        # The letter is the same in every attempt, so its date is too.
        "Date": letter.queued_at,
        "Message-ID": f"<{letter.message_id}@{sender.domain}>",
        # So that no machine answers it (RFC 3834), nor one of Microsoft's (MS-OXCMAIL);
        # bounces come all the same.
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
    message["Content-Language"] = renderer.language.tag  # the parts would remove it
    return message


def _mailbox(address: str, name: str = "") -> Address:
    """An address for a header, with the name of whoever has it."""
    local_part, _, domain = with_ascii_domain(address).rpartition("@")
    return Address(name, local_part, domain)
