"""The secret key: from the settings, or from a file beside an SQLite database.

A key that is not set is made by the first command that needs it, so that one command starts a
portal; reading the settings makes none. The addresses and codes of cases and the
secrets of second factors are derived from the key and never stored.
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
    """The portal's key, created if there is none.

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
                os.link(file.name, path)  # atomic; of two processes the first wins
    key = path.read_bytes()
    if len(key) < SECRET_BYTES:
        raise SettingsError([f"PORTAL_SECRET_KEY: the key in {path} is too short"])
    return key


def key_file(url: str) -> Path:
    """The file that holds the key beside an SQLite database.

    Args:
        url: as in ``DATABASE_URL``.
    """
    return sqlite_file(url).parent / "secret-key"


def derived(secret_key: bytes, label: bytes, content: str, size: int) -> bytes:
    """A MAC of a text (RFC 7693): only a holder of the secret key can compute it.

    Args:
        secret_key: the portal's current key or a former one.
        label: its purpose, at most 16 bytes; each use has its own.
        content: the text to authenticate.
        size: of the code, in bytes, at most 64.
    """
    key = hashlib.blake2b(secret_key).digest()  # BLAKE2b takes at most 64 bytes of key
    return hashlib.blake2b(content.encode(), key=key, person=label, digest_size=size).digest()
