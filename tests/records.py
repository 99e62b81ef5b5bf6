"""What staff do to a case, done to its records: for tests of what its guardian then meets."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from portal.cases import messages, references
from portal.storage.engines import begin
from portal.storage.tables import accounts, answers, letters

OFFICER = 99


def add_officer(records: sa.Connection) -> None:
    """Add the account that answers."""
    row = {"id": OFFICER, "name": "kim", "full_name": "Kim Ek", "role": "officer"}
    with begin(records):
        secrets = {"password_hash": "", "created_at": datetime.now(UTC)}
        records.execute(sa.insert(accounts), row | secrets)


def number_at(address: str) -> int:
    """The number of the case at an address."""
    number = references.number(address.partition("arende/")[2][: references.LENGTH])
    assert number
    return number


def set_state(records: sa.Connection, address: str, state: str) -> None:
    with begin(records):
        case = messages.case_numbered(records, number_at(address))
        messages.change_state(records, case, state, datetime.now(UTC))


def add_answer(
    records: sa.Connection,
    address: str,
    *,
    swedish: str = "",
    translated: str = "",
    language: str = "",
    hold: timedelta = timedelta(),
) -> None:
    """Answer the case at an address; the answer can be read when its hold is over."""
    now, number = datetime.now(UTC), number_at(address)
    row = {"case_id": number, "account_id": OFFICER, "form_key": f"{now}", "written_at": now}
    texts = {"swedish": swedish, "translated": translated, "language": language}
    with begin(records):
        case = messages.case_numbered(records, number)
        messages.change_state(records, case, "answered", now)
        records.execute(sa.insert(answers), row | texts | {"visible_at": now + hold})


def end_holds(records: sa.Connection, number: int) -> None:
    """End the holds of a case, so that its answers can be read and their letters are sent."""
    now = datetime.now(UTC)
    held = (answers.c.case_id == number) & (answers.c.visible_at > now)
    waits = (letters.c.case_id == number) & (letters.c.not_before > now)
    with begin(records):
        records.execute(sa.update(answers).where(held).values(visible_at=now))
        records.execute(sa.update(letters).where(waits).values(not_before=now))
