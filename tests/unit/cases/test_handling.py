"""Staff take cases, hand them over, close them and undo it; nobody undoes another's work unseen."""

import re
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from portal.cases import figures, handling, messages
from portal.cases.addresses import case_key, former_digest, opens
from portal.cases.handling import Changed, Step
from portal.storage import tables
from portal.storage.database import Database
from tests.unit.cases.desk import NOON, find, hire, receive, step, write_more

LATER = NOON + timedelta(hours=2)


async def test_a_case_goes_from_hand_to_hand_and_waits_as_long_as_before(
    database: Database,
) -> None:
    anna, bo = await hire(database, "anna"), await hire(database, "bo")
    number = await receive(database)
    await step(database, number, anna, handling.take, LATER)
    taken = await find(database, number)
    assert (taken.state, taken.officer_id, taken.since) == ("taken", anna, NOON)
    await step(database, number, anna, lambda c, s: handling.hand_over(c, s, bo), LATER)
    assert (await find(database, number)).officer_id == bo
    await step(database, number, bo, handling.give_back, LATER)
    case = await find(database, number)
    assert (case.state, case.officer_id, case.since) == ("new", None, NOON)


async def test_whoever_comes_second_changes_nothing(database: Database) -> None:
    anna, bo = await hire(database, "anna"), await hire(database, "bo")
    number = await receive(database)
    shown = (await find(database, number)).revision
    await step(database, number, anna, handling.take)
    step_of_bo = Step(number, shown, bo, LATER)
    for action in (handling.take, handling.close, handling.give_back, handling.reopen):
        with pytest.raises(Changed):
            await database.write(partial(action, step=step_of_bo))
    assert (await find(database, number)).officer_id == anna


async def test_a_new_word_of_the_guardian_is_a_change_too(database: Database) -> None:
    anna = await hire(database, "anna")
    number = await receive(database)
    await step(database, number, anna, handling.take)
    await step(database, number, anna, handling.close)
    shown = (await find(database, number)).revision
    await write_more(database, number, "En sak till", LATER)
    case = await find(database, number)
    assert (case.state, case.officer_id, case.since) == ("taken", anna, LATER)
    with pytest.raises(Changed):
        await database.write(
            lambda c: handling.set_aside(c, Step(number, shown, anna, LATER), "spam")
        )


async def test_each_step_can_be_undone_once_by_whoever_took_it(database: Database) -> None:
    anna, bo = await hire(database, "anna"), await hire(database, "bo")
    number = await receive(database)
    await step(database, number, anna, handling.take)
    day = date(2026, 12, 1)
    await step(database, number, anna, lambda c, s: handling.look_again(c, s, day))
    await step(database, number, anna, handling.close, LATER)
    closed = await find(database, number)
    assert (closed.state, closed.since, closed.look_again_on) == ("closed", LATER, None)
    with pytest.raises(Changed):
        await step(database, number, bo, handling.undo)
    await step(database, number, anna, handling.undo, LATER)
    case = await find(database, number)
    assert (case.state, case.officer_id, case.since) == ("taken", anna, NOON)
    assert case.look_again_on == "2026-12-01"
    with pytest.raises(Changed):
        await step(database, number, anna, handling.undo)


async def test_what_was_changed_since_cannot_be_undone(database: Database) -> None:
    anna = await hire(database, "anna")
    number = await receive(database)
    await step(database, number, anna, handling.close)
    undoable = await database.read(lambda c: handling.undoable(c, [number], anna))
    assert undoable == {number: ("close", (await find(database, number)).revision)}
    assert await database.read(lambda c: handling.undoable(c, [number], anna + 1)) == {}
    await write_more(database, number, "En sak till", LATER)
    assert await database.read(lambda c: handling.undoable(c, [number], anna)) == {}
    with pytest.raises(Changed):
        await step(database, number, anna, handling.undo)


async def test_a_case_set_aside_has_a_reason_and_can_be_opened_again(database: Database) -> None:
    anna = await hire(database, "anna")
    number = await receive(database)
    with pytest.raises(ValueError, match="because"):
        await step(database, number, anna, lambda c, s: handling.set_aside(c, s, "because"))
    await step(database, number, anna, lambda c, s: handling.set_aside(c, s, "spam"), LATER)
    assert (await find(database, number)).state == "aside"
    await step(database, number, anna, handling.reopen, LATER)
    case = await find(database, number)
    assert (case.state, case.since) == ("new", NOON)
    query = sa.select(*tables.history.c["action", "detail"])
    entries = await database.read(lambda c: c.execute(query).all())
    assert [(row.action, row.detail.rpartition("reason=")[2]) for row in entries] == [
        ("set-aside", "spam"),
        ("reopen", ""),
    ]


async def test_a_step_that_is_undone_leaves_the_case_as_it_was(database: Database) -> None:
    anna, number = await hire(database, "anna"), await receive(database)
    await step(database, number, anna, handling.close)
    await write_more(database, number, "En sak till", LATER)
    before = await find(database, number)
    assert before.since == LATER
    await step(database, number, anna, handling.close, LATER)
    await step(database, number, anna, handling.undo, LATER + timedelta(days=9))
    after = await find(database, number)
    assert (after.state, after.since) == (before.state, before.since)


async def test_an_answered_message_is_not_what_an_opened_case_waits_for(
    database: Database,
) -> None:
    anna = await hire(database, "anna")
    number = await receive(database)
    answer = sa.insert(tables.answers).values(
        case_id=number,
        account_id=anna,
        form_key="1",
        written_at=NOON,
        visible_at=NOON + timedelta(hours=1),
    )
    await database.write(lambda c: c.execute(answer) and None)
    await step(database, number, anna, handling.close, LATER)
    await step(database, number, anna, handling.reopen, LATER)
    assert (await find(database, number)).since == LATER


async def test_a_step_with_several_cases_says_which_were_changed_meanwhile(
    database: Database,
) -> None:
    anna, bo = await hire(database, "anna"), await hire(database, "bo")
    numbers = [await receive(database, f"{number}") for number in range(3)]
    await step(database, numbers[1], bo, handling.take)
    steps = [Step(number, 1, anna, LATER) for number in numbers]
    done, changed = await database.write(lambda c: handling.with_each(c, steps, handling.take))
    assert (done, changed) == ([numbers[0], numbers[2]], [numbers[1]])


async def test_the_figures_follow_every_step(database: Database) -> None:
    anna = await hire(database, "anna")
    numbers = [await receive(database, f"{number}", "ar", "question") for number in range(4)]
    await write_more(database, numbers[0], "mera", LATER)
    for number in numbers[:3]:
        await step(database, number, anna, handling.take, LATER)
    await step(database, numbers[0], anna, handling.close, LATER)
    await step(database, numbers[1], anna, lambda c, s: handling.set_aside(c, s, "test"), LATER)
    await step(database, numbers[0], anna, handling.undo, LATER)
    by_state = await database.read(figures.by_state)
    assert await database.read(figures.differences) == []
    assert {figure.name: number for figure, number in by_state.items()} == {
        "new": 1,
        "taken": 2,
        "aside": 1,
    }


async def test_a_wrong_figure_is_named_and_counted_anew(database: Database) -> None:
    await receive(database, language="ar", kind="praise")
    spoil = sa.update(tables.counts).where(tables.counts.c.name == "new").values(number=7)
    await database.write(lambda c: c.execute(spoil) and None)
    faults = await database.read(figures.differences)
    assert faults == ["new ar praise: 7 stored, 1 counted"]
    await database.write(figures.recount)
    assert await database.read(figures.differences) == []


async def test_a_step_reads_its_case_once_and_updates_it_once(tmp_path: Path) -> None:
    statements: list[str] = []
    database = Database(f"sqlite:///{tmp_path}/portal.db")
    database.upgrade()
    await database.start()
    number, anna = await receive(database), await hire(database, "anna")

    def close(connection: sa.Connection, step: Step) -> None:
        driver: Any = connection.connection.driver_connection
        driver.set_trace_callback(statements.append)
        handling.close(connection, step)
        driver.set_trace_callback(None)

    await step(database, number, anna, close)
    await database.stop()
    reads = [text for text in statements if re.match("SELECT.*FROM cases", text, re.DOTALL)]
    updates = [text for text in statements if text.startswith("UPDATE cases")]
    assert (len(reads), len(updates)) == (1, 1)


async def test_a_withdrawn_address_opens_nothing_any_more_nor_does_one_from_before(
    database: Database,
) -> None:
    anna, number = await hire(database, "anna"), await receive(database)
    row = {"digest": former_digest("from-before"), "case_id": number}
    await database.write(lambda c: c.execute(sa.insert(tables.former_addresses), row))
    await step(database, number, anna, handling.withdraw_address)
    case = await find(database, number)
    keys = [b"k" * 32]
    before, after = (case_key(keys[0], number, version) for version in (1, 2))
    assert not opens(before, keys, number, case.address_version)
    assert opens(after, keys, number, case.address_version)
    assert await database.read(lambda c: messages.find_by_former_address(c, "from-before")) is None
