"""A guardian follows a case, writes more in it, and finds it again; nobody else can."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from portal.cases import messages
from portal.cases.addresses import case_address, case_code, former_digest
from portal.storage.database import Unavailable
from portal.storage.engines import begin
from portal.storage.tables import cases, counts, former_addresses, letters, metadata
from tests.conftest import Serve
from tests.records import add_answer, number_at, set_state
from tests.visitor import Visit, Visitor, checked, parts, words

LANGUAGES = ("sv", "en", "ar")
OPENS_AGAIN = {"sv": "öppnas ärendet igen", "en": "the case opens again", "ar": "يُفتح الموضوع"}
ERROR = {"sv": "Fel:", "en": "Error:", "ar": "خطأ:"}
FOR_STAFF = {"notes", "drafts", "renderings", "history", "accounts", "sessions", "case_links"}


def path_of(visit: Visit) -> str:
    return urlsplit(str(visit.response.url)).path


def code_of(visit: Visit) -> str:
    (code,) = [words(e) for e in visit.all("dd") if e.get("class") == "code"]
    return code


def texts(visit: Visit) -> list[str]:
    """What is written in a case, in the order of the page."""
    written = [e for e in visit.all("div") if "own-words" in (e.get("class") or "")]
    return ["".join(e.itertext()) for e in written]


def state_of(records: sa.Connection, visit: Visit) -> str:
    with begin(records):
        query = sa.select(cases.c.state).where(cases.c.id == number_at(path_of(visit)))
        return str(records.execute(query).scalar_one())


async def write_more(visitor: Visitor, visit: Visit, text: str, status: int = 303) -> Visit:
    """Write in a case, and open the page that follows."""
    answer = await visitor.client.post(path_of(visit), files=parts({"message": text}))
    assert answer.status_code == status
    return await visitor.get(answer.headers["location"])


async def test_a_case_is_told_to_nobody_else(visitor: Visitor) -> None:
    visit = await visitor.send(message="privat")
    assert visit.response.headers["cache-control"] == "no-store"
    assert visit.response.headers["referrer-policy"] == "strict-origin"
    assert visit.only("meta", name="robots").get("content") == "noindex"
    await visitor.get(path_of(visit)[:-1], 404)
    await visitor.get(path_of(visit).partition("-")[0], 404)


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_each_state_is_told_in_words_of_its_own(
    visitor: Visitor, records: sa.Connection, tag: str
) -> None:
    visit = await visitor.send(tag, message=f"hur går det? {tag}")
    add_answer(records, path_of(visit), swedish="Bra.")
    headings = []
    for state in messages.STATES:
        set_state(records, path_of(visit), state)
        shown = await visitor.get(path_of(visit))
        headings.append(shown.heading)
        is_closed = state in {"answered", "closed", "aside"}
        assert (OPENS_AGAIN[tag] in shown.text) == is_closed, state
    assert len(set(headings)) == len(messages.STATES)


async def test_an_answer_in_two_languages_is_shown_in_both(
    visitor: Visitor, records: sa.Connection
) -> None:
    visit = await visitor.send("ar", message="سؤال\n\nfråga")
    add_answer(records, path_of(visit), swedish="I augusti.", translated="في أغسطس.", language="ar")
    shown = await visitor.get(path_of(visit))
    assert texts(shown) == ["سؤال\n\nfråga", "في أغسطس.", "I augusti."]
    elements = [e for e in shown.all("div") if "own-words" in (e.get("class") or "")]
    languages = [(e.get("lang"), e.get("dir")) for e in elements]
    assert languages == [("ar", "auto"), ("ar", "rtl"), ("sv", "ltr")]
    alongside = await visitor.get(path_of(visit) + "?bredvid=sv")
    (pair,) = [e for e in alongside.all("div") if e.get("class") == "passages pair"]
    assert [e.get("lang") for e in pair] == ["ar", "sv"]


async def test_an_answer_that_is_held_changes_nothing_yet(
    visitor: Visitor, records: sa.Connection
) -> None:
    visit = await visitor.send("en", message="is it there?")
    set_state(records, path_of(visit), "taken")
    taken = await visitor.get(path_of(visit))
    add_answer(records, path_of(visit), swedish="hemligt än", hold=timedelta(hours=1))
    held = await visitor.get(path_of(visit))
    assert held.heading == taken.heading
    assert "hemligt" not in held.response.text


async def test_the_page_of_a_case_asks_for_nothing_that_staff_write_to_each_other(
    visitor: Visitor, records: sa.Connection
) -> None:
    visit = await visitor.send(message="vad säger ni?", email="a@example.org")
    add_answer(records, path_of(visit), swedish="Inget.")
    statements: list[str] = []

    def listen(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    sa.event.listen(sa.Engine, "before_cursor_execute", listen)
    try:
        await visitor.get(path_of(visit))
        await write_more(visitor, visit, "jaså")
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", listen)
    tables = {
        name for name in metadata.tables for text in statements if re.search(rf"\b{name}\b", text)
    }
    assert {"cases", "messages", "answers", "letters"} <= tables
    assert tables & FOR_STAFF == set()


async def test_reading_a_case_changes_nothing(visitor: Visitor, records: sa.Connection) -> None:
    visit = await visitor.send(message="läs mig")
    add_answer(records, path_of(visit), swedish="Läst.")

    def everything() -> dict[str, object]:
        with begin(records):
            # What was written is made searchable in the background, which the counts remember.
            tables = [table for table in metadata.sorted_tables if table is not counts]
            return {table.name: records.execute(sa.select(table)).all() for table in tables}

    before = everything()
    for query in ("", "?bredvid=sv", "?skrivet=ja"):
        await visitor.get(path_of(visit) + query)
    assert everything() == before


@pytest.mark.parametrize("tag", LANGUAGES)
@pytest.mark.parametrize("state", ["answered", "closed", "aside"])
async def test_a_further_message_opens_a_case_again(
    visitor: Visitor, records: sa.Connection, tag: str, state: str
) -> None:
    visit = await visitor.send(tag, message=f"först {state} {tag}")
    set_state(records, path_of(visit), state)
    text = f"och sedan\r\n<b>{tag}</b> سؤال"
    written = await write_more(visitor, visit, text)
    assert texts(written) == [f"först {state} {tag}", text.replace("\r\n", "\n")]
    assert state_of(records, visit) == "new"
    confirmation = written.only("div", id="skrivet")
    assert confirmation.get("tabindex") == "-1"
    assert written.title.split(" – ")[0] in words(confirmation)


async def test_a_saved_address_confirms_nothing_later(
    visitor: Visitor, records: sa.Connection
) -> None:
    visit = await visitor.send(message="sparad")
    written = await write_more(visitor, visit, "och mer")
    assert written.all("div", id="skrivet")
    earlier = datetime.now(UTC) - timedelta(minutes=11)
    with begin(records):
        records.execute(sa.update(metadata.tables["messages"]).values(received_at=earlier))
    assert not (await visitor.get(f"{path_of(visit)}?skrivet=ja")).all("div", id="skrivet")


async def test_a_form_of_ours_is_sent_nowhere_but_to_a_case(visitor: Visitor) -> None:
    """A page of another site could post to such an address, and let us show its form."""
    for address in ("x%2F..%2F..%2F..%2Finbox%2Fsign-out", "x%3Fa=b", "å"):
        response = await visitor.client.post(
            f"/sv/arende/{address}",
            files=parts({"message": "klicka"}),
            headers={"origin": "https://evil.example"},
        )
        assert checked(response, 403).all("form") == []


async def test_the_same_further_message_sent_twice_is_stored_once(visitor: Visitor) -> None:
    visit = await visitor.send(message="en gång")
    await write_more(visitor, visit, "mer, två gånger")
    written = await write_more(visitor, visit, "mer, två gånger")
    assert texts(written) == ["en gång", "mer, två gånger"]


def typed(visit: Visit) -> str:
    return "".join(visit.only("textarea").itertext())


@pytest.mark.parametrize("tag", LANGUAGES)
@pytest.mark.parametrize("text", ["", "å" * 5001, "\x00"])
async def test_a_further_message_has_the_limits_of_the_first(
    visitor: Visitor, tag: str, text: str
) -> None:
    visit = await visitor.send(tag, message=f"gräns {tag}")
    refused = await visitor.post(path_of(visit), {"message": text})
    assert refused.title.startswith(ERROR[tag])
    assert typed(refused) == text.replace("\0", "\ufffd")
    assert refused.only("textarea").get("aria-invalid") == "true"
    assert texts(refused) == [f"gräns {tag}"]


async def test_a_message_that_finds_no_room_in_the_case_is_kept(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = await visitor.send("en", message="the first")
    monkeypatch.setattr(messages, "CASE_LIMIT", 1)
    refused = await visitor.post(path_of(visit), {"message": "one more"})
    assert "Copy the text" in refused.only("div", id="problems").findtext(".//li", "")
    assert (typed(refused), texts(refused)) == ("one more", ["the first"])


async def test_a_further_message_of_a_program_is_refused(visitor: Visitor) -> None:
    visit = await visitor.send(message="jag är ingen robot")
    refused = await visitor.post(path_of(visit), {"message": "köp", "website": "x"})
    assert (typed(refused), len(texts(refused))) == ("köp", 1)


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_whatever_refuses_a_further_message_keeps_it(visitor: Visitor, tag: str) -> None:
    visit = await visitor.send(tag, message=f"avvisad {tag}")
    text, path = "السلام\n <b>", path_of(visit)
    post = visitor.client.post
    malformed = await post(path, files={"a": ("a.png", b"x")}, data={"message": text})
    foreign = await post(path, files=parts({"message": text}), headers={"origin": "https://a.se"})
    gone = await post(path + "x", files=parts({"message": text}))
    large = await post(path, files=parts({"message": text, "extra": "x" * 300_000}))
    for answer, status in ((malformed, 400), (foreign, 403), (gone, 404), (large, 413)):
        refused = checked(answer, status)
        assert refused.language == tag
        assert typed(refused) == text
        assert refused.only("div", id="problems") is not None
        assert texts(refused) == []
    assert texts(await visitor.get(path)) == [f"avvisad {tag}"]


async def test_a_further_message_over_the_limit_is_kept_on_the_page(serve: Serve) -> None:
    with serve(PORTAL_MESSAGES_PER_HOUR="1") as portal:
        visitor = Visitor(portal.address)
        visit = await visitor.send(message="den enda")
        refused = await visitor.post(path_of(visit), {"message": "en till"}, 429)
        assert typed(refused) == "en till"
        assert texts(refused) == ["den enda"]
        assert int(refused.response.headers["retry-after"]) > 3000
        await visitor.client.aclose()


@pytest.mark.parametrize(("error", "status"), [(Unavailable, 503), (ValueError, 500)])
async def test_a_further_message_is_kept_when_it_cannot_be_stored(
    serve: Serve, error: type[Exception], status: int
) -> None:
    async def broken(*_: object) -> None:
        raise error

    with serve() as portal:
        visitor = Visitor(portal.address)
        visit = await visitor.send(message="viktigt")
        portal.app._state["database"].write_together = broken  # type: ignore[attr-defined]
        refused = await visitor.post(path_of(visit), {"message": "viktigare"}, status)
        assert typed(refused) == "viktigare"
        assert "031-365 09 60" in refused.text
        await visitor.client.aclose()


async def test_a_case_keeps_what_is_typed_in_another_language(visitor: Visitor) -> None:
    visit = await visitor.send(message="byt språk")
    buttons = {b.get("lang"): b for b in visit.all("button", name="switch")}
    path = buttons["ar"].get("formaction", "")
    fields = {"message": "inte klar ", "switch": "ar"}
    switched = await visitor.post(path, fields, 200)
    assert (switched.language, typed(switched)) == ("ar", "inte klar ")
    assert texts(switched) == ["byt språk"]
    assert not switched.all("div", id="problems")
    empty = await visitor.client.post(path, files=parts({"message": "", "switch": "ar"}))
    assert (empty.status_code, empty.headers["location"]) == (303, path)


async def test_a_letter_that_came_back_is_told_of(visitor: Visitor, records: sa.Connection) -> None:
    visit = await visitor.send("en", message="når ni mig?", email="borta@example.org")
    assert "We could not send email" not in visit.text
    now = datetime.now(UTC)
    row = {
        "kind": "received",
        "case_id": number_at(path_of(visit)),
        "recipient": "borta@example.org",
    }
    row |= {"language": "en", "message_id": "a"}
    moments = dict.fromkeys(("queued_at", "not_before", "failed_at"), now)
    with begin(records):
        records.execute(sa.insert(letters), row | moments)
    shown = await visitor.get(path_of(visit))
    assert "We could not send email to borta@example.org" in shown.text


async def test_the_receipt_says_how_the_answer_comes(serve: Serve) -> None:
    sends = {"PORTAL_SMTP_URL": "smtp://127.0.0.1:25", "PORTAL_MAIL_FROM": "a@example.org"}
    for settings, sentence in ((sends, "send an email to me@example.org"), ({}, "this page only")):
        with serve(**settings) as portal:
            visitor = Visitor(portal.address)
            assert sentence in (await visitor.send("en", message="a", email="me@example.org")).text
            assert "this page only" in (await visitor.send("en", message="b")).text
            await visitor.client.aclose()


async def test_a_former_key_opens_what_it_made(serve: Serve) -> None:
    now, before = "n" * 32, "b" * 32
    with serve(PORTAL_SECRET_KEY=now, PORTAL_FORMER_SECRET_KEYS=before) as portal:
        visitor = Visitor(portal.address)
        visit = await visitor.send(message="nyckeln byttes")
        former = case_address(before.encode(), 1, 1)
        answer = await visitor.client.get(f"/sv/arende/{former}?bredvid=sv")
        assert (answer.status_code, answer.headers["location"]) == (308, path_of(visit))
        fields = {"reference": former[:8], "code": case_code(before.encode(), 1, 1)}
        answer = await visitor.client.post("/sv/arende", files=parts(fields))
        assert answer.headers["location"] == path_of(visit)
        await visitor.get(f"/sv/arende/{case_address(b'x' * 32, 1, 1)}", 404)
        await visitor.client.aclose()


async def test_an_address_from_before_leads_to_the_present_one(
    visitor: Visitor, records: sa.Connection
) -> None:
    visit, code = await visitor.send(message="från förr"), "Zx9-_former-code_22chr"
    with begin(records):
        row = {"digest": former_digest(code), "case_id": number_at(path_of(visit))}
        records.execute(sa.insert(former_addresses), row)
    answer = await visitor.client.get(f"/ar/arende/{code}")
    location = path_of(visit).replace("/sv/", "/ar/")
    assert (answer.status_code, answer.headers["location"]) == (308, location)


async def test_an_address_that_was_withdrawn_opens_nothing(
    visitor: Visitor, records: sa.Connection
) -> None:
    visit = await visitor.send(message="på avvägar")
    with begin(records):
        withdrawn = sa.update(cases).where(cases.c.id == number_at(path_of(visit)))
        records.execute(withdrawn.values(address_version=2))
    await visitor.get(path_of(visit), 404)
    await visitor.post("/sv/arende", {"reference": path_of(visit)[11:19], "code": code_of(visit)})
