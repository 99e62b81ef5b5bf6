"""Passwords: hashing with argon2id in separate threads, and first passwords.

A hash takes 64 MiB and a tenth of a second on purpose (RFC 9106, 4). Only ``AT_ONCE`` are
computed at the same time, and not in the event loop, so that no flood of sign-ins exhausts the
memory or delays pages.
"""

import asyncio
import re
import secrets
import unicodedata
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

AT_ONCE = 2
"""Hashes that are computed at the same time."""
SHORTEST, LONGEST = 12, 200
"""The shortest and the longest password, in characters; no kinds of characters are required
(NIST SP 800-63B, 3.1.1.2)."""
_HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without letters and digits that look alike."""
_threads = ThreadPoolExecutor(AT_ONCE, "passwords")


def first_password() -> str:
    """A random password that is easy to type: 79 bits, in four groups."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def is_guessable(password: str, *names: str) -> bool:
    """Whether a password consists almost only of what is tried first (NIST SP 800-63B, 3.1.1.2).

    That is: words of this city, words usual in passwords, the person's names, digits, marks, and
    few different letters. It is not compared with lists of leaked passwords.

    Args:
        password: as it was typed.
        names: of its owner, in any case; they may consist of several words.
    """
    rest = unicodedata.normalize("NFKC", password).casefold()
    for word in sorted({*_TRIED_FIRST, *" ".join(names).casefold().split()}, key=len, reverse=True):
        rest = rest.replace(word, "")
    return len({*re.sub(r"[\W\d_]", "", rest)}) < DIFFERENT_LETTERS


DIFFERENT_LETTERS = 5
"""The fewest different letters that must remain when the words tried first are removed."""
_TRIED_FIRST = (
    *("lösenord", "losenord", "password", "qwertyuiop", "qwerty", "asdfgh", "zxcvbn", "abcdef"),
    *("välkommen", "valkommen", "welcome", "admin", "hemlig", "secret", "hejsan", "hej", "test"),
    *("göteborgs", "göteborg", "goteborg", "gothenburg", "sverige", "sweden", "stad", "svenska"),
    *("grundskole", "grundskola", "skola", "skolan", "school", "förvaltningen", "förvaltning"),
    *("forvaltning", "vårdnadshavare", "inkorgen", "inkorg", "portalen", "portal", "inbox"),
    *("sommar", "vinter", "januari", "februari", "mars", "april", "juni", "juli", "augusti"),
    *("september", "oktober", "november", "december", "måndag", "fredag", "iloveyou", "letmein"),
)


def password_hash(password: str) -> str:
    """The hash of a password; it blocks for a tenth of a second (see ``hash_in_thread``)."""
    return _HASHER.hash(_normalised(password))


async def hash_in_thread(password: str) -> str:
    """The hash of a password, computed in a separate thread."""
    return await asyncio.get_running_loop().run_in_executor(_threads, password_hash, password)


async def is_right(password: str, stored: str | None) -> bool:
    """Whether a password is the one of a hash.

    Args:
        password: as it was typed.
        stored: the hash; None for an unknown name, which takes the same time.
    """
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_threads, _is_right, password, stored)


def _is_right(password: str, stored: str | None) -> bool:
    if stored is None:
        password_hash(password)  # takes as long as comparing
        return False
    try:
        return _HASHER.verify(stored, _normalised(password))
    except VerificationError:
        return False


def are_equal(first: str, second: str) -> bool:
    """Whether two passwords as typed are the same one."""
    return _normalised(first) == _normalised(second)


def _normalised(password: str) -> bytes:
    """Equal for the same password from any keyboard (NIST SP 800-63B, 3.1.1.2: NFKC)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace")
