"""The secret key: the one in the settings, or one that is stored beside an SQLite database.

If no key is set, the first ``serve`` or ``db upgrade`` generates one, so that one command
starts a portal; reading the settings generates nothing. Addresses, codes and second-factor
secrets are derived from the key and never stored; the database has only digests and sender
numbers made with it.
"""

import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from portal.settings import SECRET_BYTES, Settings, SettingsError
from portal.storage.engines import sqlite_file


def open_secret_key(settings: Settings) -> bytes:
    """The key of a portal; generated if there is none.

    Raises:
        SettingsError: when the stored key is too short.
    """
    if settings.secret_key:
        return settings.secret_key
    path = key_file(settings.database_url)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        with NamedTemporaryFile(dir=path.parent) as file:  # only its owner may read it
            file.write(secrets.token_hex(SECRET_BYTES).encode())
            file.flush()
            os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(file.name, path)  # complete or not at all; the first of two wins
    key = path.read_bytes()
    if len(key) < SECRET_BYTES:
        raise SettingsError([f"PORTAL_SECRET_KEY: the key in {path} is too short"])
    return key


def key_file(url: str) -> Path:
    """Where the key of an SQLite database is stored.

    Args:
        url: as in ``DATABASE_URL``.
    """
    return sqlite_file(url).parent / "secret-key"


def derived(secret_key: bytes, label: bytes, content: str, size: int) -> bytes:
    """The message authentication code of a content: keyed BLAKE2b (RFC 7693).

    Args:
        secret_key: the portal's current key or a former one.
        label: its purpose, at most 16 bytes; each use has its own.
        content: the text to authenticate.
        size: of the code, in bytes, at most 64.
    """
    key = hashlib.blake2b(secret_key).digest()  # BLAKE2b takes at most 64 bytes of key
    return hashlib.blake2b(content.encode(), key=key, person=label, digest_size=size).digest()
