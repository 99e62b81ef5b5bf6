"""docs/security.md answers every requirement, and what it says is held by files that exist."""

import re
from collections import Counter
from collections.abc import Iterator

from portal.settings import CHECKOUT

PAGE = (CHECKOUT / "docs/security.md").read_text("utf-8")
TABLE, _, REST = PAGE.partition("## Requirements")[2].partition("## What does not apply")
ROWS = re.findall(r"^\| ([\d.,– ]+) \| (\w+) \| (.+) \| (.+) \|$", TABLE, re.MULTILINE)
RANGE = re.compile(r"\b(\d+\.\d+)\.(\d+)(?:[-–](\d+))?")


def requirements(text: str) -> Iterator[str]:
    """The requirements that a text names: 1.2.6–8 are three."""
    for section, first, last in RANGE.findall(text):
        for number in range(int(first), int(last or first) + 1):
            yield f"{section}.{number}"


def test_every_requirement_is_answered_once() -> None:
    asked = (CHECKOUT / "tests/vectors/asvs-5.0.txt").read_text("utf-8").partition("\n")[2]
    answered = Counter(requirements(" ".join(row[0] for row in ROWS) + REST))
    assert answered == Counter(requirements(asked))


def test_every_answer_says_how_it_stands_and_what_holds_it() -> None:
    for numbers, state, answer, holders in ROWS:
        assert state in {"met", "partly", "open"}, numbers
        assert answer.strip("– "), numbers
        paths = re.findall(r"`([\w./-]+)`", holders)
        assert bool(paths) == (state != "open"), numbers
        assert [path for path in paths if not (CHECKOUT / path).is_file()] == [], numbers


def test_what_is_said_to_be_measured_is_held_by_a_test_that_measures_it() -> None:
    """A page of words holds only what asks for words: sections named documentation."""
    documentation = ("1.1", "2.1", "6.1", "7.1", "8.1", "11.1", "13.1", "14.1", "15.1", "16.1")
    for numbers, state, _, holders in ROWS:
        if state == "met" and not re.search(r"`(tests/|pyproject)", holders):
            sections = {name.rpartition(".")[0] for name in requirements(numbers)}
            assert sections <= {*documentation, "15.2"}, numbers


def test_scripts_set_text_and_keep_nothing() -> None:
    for path in (CHECKOUT / "static").rglob("*.js"):
        script = path.read_text("utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", script)
        assert not re.search(
            r"(local|session)Storage|indexedDB|\.cookie|JSON\.parse|eval\(", script
        )
