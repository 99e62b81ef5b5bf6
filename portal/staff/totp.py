"""The second factor: codes that change every half minute (RFC 6238, RFC 4226).

The secret of an account is derived from the portal's secret key, the account and a version
and is not stored, so nobody can compute codes from a stolen database. Raising the version
gives the account a new secret.

    >>> code(b"12345678901234567890", step=1)
    '287082'
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import quote, urlencode

from portal.content.characters import code_characters
from portal.storage.secret_key import derived

SECRET_SIZE = 20
"""Bytes: the length of an HMAC-SHA-1, which RFC 4226 (4) recommends."""
STEP_SECONDS = 30
DIGITS = 6
STEPS_BESIDE = 1
"""Steps before and after the current one whose codes are accepted (RFC 6238, 6)."""


def account_secret(secret_key: bytes, account_id: int, version: int) -> bytes:
    """The secret that an account shares with its owner's device."""
    return derived(secret_key, b"totp", f"{account_id}.{version}", SECRET_SIZE)


def code(secret: bytes, step: int) -> str:
    """The code of a time step, as RFC 4226 (5.3) truncates it."""
    # All authenticator apps support SHA-1, and collisions do not weaken an HMAC.
    digest = hmac.digest(secret, step.to_bytes(8), hashlib.sha1)
    offset = digest[-1] & 0xF
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def step_at(moment: datetime) -> int:
    """The time step of a moment."""
    return int(moment.timestamp()) // STEP_SECONDS


def accepted_step(
    typed: str, secrets: Iterable[bytes], moment: datetime, last_step: int
) -> int | None:
    """The time step of a code as people type it; None if the code is not accepted.

    Args:
        typed: digits of any script, perhaps with spaces or hyphens.
        secrets: a code of any of them is accepted.
        moment: the current time.
        last_step: the step of the last accepted code; codes of this and earlier steps are not
            accepted (RFC 6238, 5.2).
    """
    digits = code_characters(typed)
    current = step_at(moment)
    steps = range(max(current - STEPS_BESIDE, last_step + 1), current + STEPS_BESIDE + 1)
    candidates = [(step, code(secret, step)) for secret in secrets for step in steps]
    matching = [
        step
        for step, expected in candidates
        if hmac.compare_digest(digits.encode("utf-8", "replace"), expected.encode())
    ]
    return matching[0] if matching else None


def written(secret: bytes) -> str:
    """A secret for people to type into their app: base32 in groups of four."""
    text = base64.b32encode(secret).decode()
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def enrolment_address(secret: bytes, name: str, issuer: str) -> str:
    """The content of the QR code (the Key URI format that authenticator apps read).

    Args:
        secret: of the account.
        name: of the account.
        issuer: the organisation, as the app shows it.
    """
    query = {"secret": base64.b32encode(secret).decode(), "issuer": issuer}
    return f"otpauth://totp/{quote(f'{issuer}:{name}')}?{urlencode(query, quote_via=quote)}"
