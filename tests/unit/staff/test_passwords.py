"""Passwords are hashed slowly, apart from the loop, and an unknown name takes as long."""

import asyncio
import re
from collections.abc import Callable

import pytest
from argon2 import PasswordHasher

from portal.staff import passwords


@pytest.fixture
def real_cost(
    real_hash: Callable[[PasswordHasher, bytes], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hash as the portal does, and not cheaply as in other tests."""
    monkeypatch.setattr(PasswordHasher, "hash", real_hash)


@pytest.mark.slow
@pytest.mark.usefixtures("real_cost")
async def test_a_password_is_right_however_a_keyboard_composes_it() -> None:
    stored = await passwords.hash_in_thread("hästar äter grönt hö")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await passwords.is_right("hästar äter grönt hö", stored)
    assert await passwords.is_right("ha\u0308star äter grönt hö", stored)
    assert not await passwords.is_right("Hästar äter grönt hö", stored)


@pytest.mark.parametrize("typed", ["", "\ud800", "\0", "x" * 100_000])
async def test_any_text_can_be_compared(typed: str) -> None:
    assert not await passwords.is_right(typed, passwords.password_hash("hästar äter hö"))


async def test_an_unknown_name_is_hashed_for_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    monkeypatch.setattr(passwords, "password_hash", hashed.append)
    assert not await passwords.is_right("hästar äter hö", None)
    assert hashed == ["hästar äter hö"]


@pytest.mark.slow
@pytest.mark.usefixtures("real_cost")
async def test_the_loop_goes_on_while_some_are_hashed() -> None:
    turns = 0
    hashing = asyncio.gather(*(passwords.hash_in_thread(f"lösenord {n}") for n in range(4)))
    while not hashing.done():
        await asyncio.sleep(0)
        turns += 1
    assert len({*await hashing}) == 4
    assert turns > 10


def test_a_first_password_is_random_and_easy_to_type() -> None:
    made = {passwords.first_password() for _ in range(100)}
    assert len(made) == 100
    assert all(
        re.fullmatch(r"([a-hj-km-np-z2-9]{4}-){3}[a-hj-km-np-z2-9]{4}", word) for word in made
    )


@pytest.mark.parametrize(
    "password",
    [
        *("Sommar2026!!", "Välkommen123", "Lösenord12345", "Göteborg-2026", "password1234"),
        *("aaaaaaaaaaaaaaaa", "123456789012", "qwertyuiop123", "Grundskola2026", "            "),
        *(
            "anna.andersson1",
            "AndersSonAnna!",
            "GrundskolaGöteborg",
            "hejhejhejhej",
            "ababababababab",
        ),
    ],
)
def test_what_is_tried_first_can_be_guessed(password: str) -> None:
    assert passwords.is_guessable(password, "anna", "Anna Andersson")


@pytest.mark.parametrize(
    "password",
    [
        *("hästar äter grönt hö", "en lång mening att minnas", "correct horse battery staple"),
        *("خيول تأكل العشب الأخضر", "kx7!Tq92$mZ3#w", "min skola har blå fönster"),
    ],
)
def test_words_that_a_person_made_up_cannot(password: str) -> None:
    assert not passwords.is_guessable(password, "anna", "Anna Andersson")
