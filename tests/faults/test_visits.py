"""Whole visits in any order: to write, switch language, find a case, sign in, answer.

Hypothesis makes them up. In each order a message with a receipt is stored once and no other
is stored, what was typed stands in the page that refuses it, and nothing breaks.
"""

import asyncio
import html
import re
from collections.abc import Iterator
from itertools import count
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from portal.storage.tables import answers, notes
from tests.conftest import Serve
from tests.faults.hostile import Answer, Attack
from tests.faults.siege import Person, Siege, besieged, posted
from tests.staff import PASSWORD

VISITS, STEPS = 15, 20

languages = st.sampled_from(["sv", "en", "ar"])
words = st.text("ab<>&\"'{}%\\;:åأهلا١\u202e\u200d\N{GRINNING FACE} \n", max_size=40)
texts = st.one_of(words, words.map(lambda text: text + "x" * 5000))
actions = st.sampled_from(["take", "give-back", "close", "reopen", "note", "save", "send"])
_numbers = count(1)


class Visits(RuleBasedStateMachine):
    """A guardian and an officer, each with a browser."""

    siege: Siege
    loop: asyncio.AbstractEventLoop
    cases = Bundle("cases")
    """Addresses of cases."""

    def __init__(self) -> None:
        super().__init__()
        self.guardian, self.officer = self.siege.stranger, self.siege.officer
        self.is_signed_in = True
        self.written = self.numbers()

    def numbers(self) -> tuple[int, ...]:
        """How many messages, answers and notes there are."""
        tables = (sa.select(sa.func.count()).select_from(table) for table in (answers, notes))
        with self.siege.records.begin():
            return tuple(self.siege.records.scalar(query) or 0 for query in tables)

    def send(self, person: Person, target: str, fields: dict[str, str] | None = None) -> Answer:
        """Open a page, or send a form; whatever comes of it is sound."""
        attack = Attack(target.encode())
        if fields is not None:
            attack = posted(target.encode(), urlencode(fields).encode())
        if person is self.officer and not self.is_signed_in:
            attack = Attack(**{**vars(attack), "headers": (*attack.headers, (b"Cookie", b"a=b"))})
        return self.loop.run_until_complete(self.siege.send(person, attack))

    @rule(target=cases, language=languages, text=texts, email=st.sampled_from(["", "a@b.se", "a"]))
    def write(self, language: str, text: str, email: str) -> object:
        """Send a message; it is a new one each time, since the same is stored once."""
        text += f" nummer {next(_numbers)}" if text.strip() else ""
        answer = self.send(self.guardian, f"/{language}/kontakt", {"message": text, "email": email})
        if answer.status == 303:
            return answer.header(b"location").decode()
        assert answer.status == 422
        assert shown(answer) == text
        assert f'value="{email}"'.encode() in answer.body or not email
        return multiple()

    @rule(language=languages, text=texts, problems=st.booleans())
    def switch(self, language: str, text: str, problems: bool) -> None:
        """Go on in another language with all that was typed."""
        fields = {"message": text, "switch": "ja"} | ({"problems": "ja"} if problems else {})
        answer = self.send(self.guardian, f"/{language}/kontakt", fields)
        assert answer.status == 303 if not (text or problems) else answer.status in {200, 422}
        assert answer.status == 303 or shown(answer) == text

    @rule(case=cases, text=texts)
    def write_more(self, case: str, text: str) -> None:
        """Write in a case."""
        text += f" mer {next(_numbers)}" if text.strip() else ""
        answer = self.send(self.guardian, case, {"message": text})
        assert answer.status == 303 or (answer.status, shown(answer)) == (422, text)

    @rule(case=cases, language=languages, mistake=st.booleans())
    def find(self, case: str, language: str, mistake: bool) -> None:
        """Find a case from paper, or fail to."""
        page = self.send(self.guardian, case).body.decode()
        (code,) = re.findall(r'<dd class="code"><bdi[^>]*>(.*?)</bdi>', page)
        fields = {"reference": reference(case), "code": "fel" if mistake else code}
        answer = self.send(self.guardian, f"/{language}/arende", fields)
        address = answer.header(b"location").decode()
        assert address.partition("arende/")[2] == ("" if mistake else case.partition("arende/")[2])
        assert not mistake or reference(case).encode() in answer.body

    @rule(case=cases, action=actions, text=texts, asks=st.booleans())
    def handle(self, case: str, action: str, text: str, asks: bool) -> None:
        """Do something with a case as staff; signed out, nothing is done and nothing is lost."""
        target = f"/inbox/{reference(case)}"
        fields = filled_in(self.send(self.officer, target)) if self.is_signed_in else {}
        text += f" svar {next(_numbers)}" if text.strip() else ""
        fields |= {"do": action, "note": text, "swedish": text} | ({"asks": "yes"} if asks else {})
        answer = self.send(self.officer, target, fields)
        if not self.is_signed_in:
            assert answer.status == 403
            assert html.escape(urlencode({"swedish": text})).encode() in answer.body
            return
        assert answer.status in {303, 409, 422}
        if answer.status == 303:
            sent, noted = self.written
            self.written = (sent + (action == "send"), noted + (action == "note"))
        elif action in {"note", "send"}:
            assert text in map(html.unescape, re.findall(AREA, answer.body.decode(), re.DOTALL))

    @rule()
    def sign_out(self) -> None:
        """Leave; the cookie opens nothing any more."""
        if self.is_signed_in:
            assert self.send(self.officer, "/inbox/sign-out", {}).status == 303
        self.is_signed_in = False
        answer = self.send(self.officer, "/inbox")
        assert answer.header(b"location").startswith(b"/inbox/sign-in")

    @rule(password=st.sampled_from([PASSWORD, "fel"]))
    def sign_in(self, password: str) -> None:
        """Come back, with the right password or a wrong one."""
        staff = self.siege.officer.staff
        assert staff
        self.siege.forget_codes()
        fields = {"name": "anna", "password": password, "totp": staff.code()}
        answer = self.send(self.guardian, "/inbox/sign-in", fields)
        assert answer.status == (303 if password == PASSWORD else 422)
        assert (b"set-cookie" in dict(answer.headers)) == (password == PASSWORD)
        self.is_signed_in = self.is_signed_in or password == PASSWORD

    @invariant()
    def what_is_stored_is_what_was_accepted(self) -> None:
        """No message more and none less, and as many answers and notes as were accepted."""
        assert self.siege.stored() == self.siege.accepted
        assert self.numbers() == self.written


AREA = r"<textarea[^>]*>\n?(.*?)</textarea>"


def shown(answer: Answer) -> str:
    """What stands in the first text area of a page."""
    (text, *_) = re.findall(AREA, answer.body.decode(), re.DOTALL)
    return html.unescape(text)


def filled_in(answer: Answer) -> dict[str, str]:
    """What the hidden fields of the answer's form hold."""
    pattern = r'<input type="hidden" name="(\w+)" value="([^"]*)">'
    return dict(re.findall(pattern, answer.body.decode()))


def reference(case: str) -> str:
    """The reference in the address of a case."""
    return case.partition("arende/")[2][:8]


@pytest.fixture
def siege(serve: Serve) -> Iterator[Siege]:
    """A portal that is visited."""
    with serve(PORTAL_SIGN_INS_PER_HOUR="0") as portal, besieged(portal) as siege:
        yield siege


def test_visits(siege: Siege) -> None:
    """Some of them, each of up to ``STEPS`` steps."""
    Visits.siege, Visits.loop = siege, asyncio.new_event_loop()
    run_state_machine_as_test(
        Visits,
        settings=settings(
            max_examples=VISITS,
            stateful_step_count=STEPS,
            suppress_health_check=[*HealthCheck],
            deadline=None,
            phases=[Phase.generate],
        ),
    )
    for person in siege.people:
        person.close()
    Visits.loop.run_until_complete(asyncio.sleep(0))
    Visits.loop.close()
