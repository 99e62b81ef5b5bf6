"""What staff do to a case, done to its records: for tests of what its guardian then meets."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from portal.cases import messages, references
from portal.storage.engines import begin
from portal.storage.tables import accounts, answers

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
