"""The address of a case and the code that is typed instead of it.

Both are derived from the secret key and the case's number and are not stored, so a stolen
database opens no case. Raising the version of a case withdraws its address and code.
Addresses and codes that were made with a former secret key still work.

    >>> key = case_key(b"a secret", number=1, version=1)
    >>> opens(key, [b"another secret", b"a secret"], 1, 1)
    True
    >>> opens(key, [b"a secret"], 1, 2)
    False
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable

from portal.cases.references import reference
from portal.content.characters import CODE_ALPHABET, code_characters
from portal.storage.secret_key import derived

KEY_BYTES = 16
"""Bytes of the key in an address: a MAC of 128 bits, which nobody can guess."""
CODE_LENGTH = 13
"""Characters of a code: 63.8 bits, and it is valid only together with its reference."""


def case_address(secret_key: bytes, number: int, version: int) -> str:
    """The part of the address of a case after ``arende/``."""
    return f"{reference(number)}-{case_key(secret_key, number, version)}"


def case_key(secret_key: bytes, number: int, version: int) -> str:
    """The secret part of the address of a case, in the alphabet of addresses (RFC 4648, 5)."""
    mac = derived(secret_key, b"case address", f"{number}.{version}", KEY_BYTES)
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def case_code(secret_key: bytes, number: int, version: int) -> str:
    """The code of a case, for people to type; secret, unlike the reference."""
    # Eight bytes more than the code needs, so that all codes are almost equally likely.
    value = int.from_bytes(derived(secret_key, b"case code", f"{number}.{version}", KEY_BYTES))
    code = ""
    for _ in range(CODE_LENGTH):
        value, index = divmod(value, len(CODE_ALPHABET))
        code += CODE_ALPHABET[index]
    return code


def opens(key: str, secret_keys: Iterable[bytes], number: int, version: int) -> bool:
    """Whether a key from an address is that of a case, in constant time."""
    return _is_any(key, (case_key(secret_key, number, version) for secret_key in secret_keys))


def code_opens(typed: str, secret_keys: Iterable[bytes], number: int, version: int) -> bool:
    """Whether a code as people type it is that of a case, in constant time."""
    codes = (case_code(secret_key, number, version) for secret_key in secret_keys)
    return _is_any(code_characters(typed), codes)


def former_digest(address: str) -> str:
    """The stored digest of an address from before addresses were derived from a key."""
    return hashlib.sha256(address.encode()).hexdigest()


def _is_any(text: str, secrets: Iterable[str]) -> bool:
    """Whether a text is one of the secrets; the time does not tell where they differ."""
    content = text.encode("utf-8", "replace")
    return any(hmac.compare_digest(content, secret.encode()) for secret in secrets)
