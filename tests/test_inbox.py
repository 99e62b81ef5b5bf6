"""Staff look through the inbox, do something with several cases at once, and undo it."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.conftest import Running, Serve
from tests.staff import signed_in
from tests.visitor import Visit, Visitor, parts, words

ARABIC = "السلام عليكم، أين مدرسة أحمد؟"
HOSTILE = "<script>alert(1)</script> \u202egnp.exe &amp; %s \\"


@pytest.fixture
def office(serve: Serve) -> Iterator[Running]:
    """A portal of its own for each test: what is counted stands on the pages."""
    with serve(PORTAL_ANSWER_DAYS="5") as portal:
        yield portal


@pytest.fixture
async def guardian(office: Running) -> AsyncIterator[Visitor]:
    """Somebody who writes to that portal."""
    visitor = Visitor(office.address)
    yield visitor
    await visitor.client.aclose()


@pytest.fixture
async def anna(office: Running) -> AsyncIterator[Visitor]:
    """An officer who is signed in."""
    async with signed_in(office, "anna").visitor() as visitor:
        yield visitor


def references(page: Visit) -> list[str]:
    """The references of the cases on a page."""
    return [words(link) for link in page.all("a", class_="case-link")]


def boxes(page: Visit) -> dict[str, str]:
    """What is sent where all cases of a page are chosen."""
    return {box.get("name", ""): box.get("value", "") for box in page.all("input", type="checkbox")}


def count(page: Visit, view: str) -> int:
    """How many cases a view has, as its link says."""
    (link,) = (link for link in page.root.iter("a") if words(link).startswith(f"{view} "))
    return int(words(link).rpartition(" ")[2])


async def do(visitor: Visitor, action: str, fields: dict[str, str], **place: str) -> Visit:
    """Do something with cases, and follow the redirect to the page that says so."""
    answer = await visitor.client.post("/inbox", files=parts({**fields, **place, "action": action}))
    assert answer.status_code == 303, answer.text
    return await visitor.get(answer.headers["location"])


async def test_a_message_stands_in_the_inbox_in_its_own_language(
    guardian: Visitor, anna: Visitor
) -> None:
    await guardian.send("ar", message=ARABIC, kind="question")
    page = await anna.get("/inbox")
    assert page.title == "Inkorgen: nya – Grundskoleförvaltningen"
    cell = page.only("td", class_="excerpt")
    assert (words(cell), cell.get("lang"), cell.get("dir")) == (ARABIC, "ar", "auto")
    assert "Fråga" in page.text
    assert "arabiska" in page.text
    assert count(page, "Nya") == 1
    (reference,) = references(page)
    assert f"/inbox/{reference}" in page.links()
    assert {heading.get("scope") for heading in page.all("th")} == {"col", "row"}
    assert words(page.only("caption")) == "Nya, de som har väntat längst först"


async def test_nobody_sees_it_who_is_not_signed_in(office: Running, guardian: Visitor) -> None:
    for path in ("/inbox", "/inbox?q=hej", "/inbox/figures"):
        answer = await guardian.client.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/inbox/sign-in?next=")
        assert answer.headers["cache-control"] == "no-store"


async def test_a_long_or_hostile_message_breaks_nothing(guardian: Visitor, anna: Visitor) -> None:
    await guardian.send(message="🙂" * 4000)
    await guardian.send(message=HOSTILE)
    page = await anna.get("/inbox")
    first, second = (words(cell) for cell in page.all("td", class_="excerpt"))
    assert first == "🙂" * 120 + " …"
    assert second.startswith("<script>alert(1)</script>")
    assert all(script.get("src") for script in page.all("script"))


async def test_cases_are_taken_closed_and_set_aside_and_each_can_be_undone(
    guardian: Visitor, anna: Visitor
) -> None:
    for text in ("ett", "två"):
        await guardian.send(message=text)
    page = await anna.get("/inbox")
    for action, view, sentence in (
        ("take", "Mina", "2 ärenden är dina nu."),
        ("close", "Avslutade", "2 ärenden är avslutade."),
        ("set-aside-spam", "Åtgärdas inte", "2 ärenden åtgärdas inte."),
    ):
        done = await do(anna, action, boxes(page))
        assert sentence in done.text
        assert (count(done, "Nya"), count(done, view)) == (0, 2)
        again = await anna.get(str(done.response.url))
        assert sentence in again.text
        undo = {
            field.get("name", ""): field.get("value", "")
            for field in done.all("input", type="hidden")
            if field.get("name", "").startswith("case-")
        }
        page = await do(anna, "undo", undo)
        assert "2 ärenden är som förut." in page.text
        assert (count(page, "Nya"), count(page, view)) == (2, 0)


async def test_a_case_taken_in_the_inbox_and_then_opened_is_recorded_as_read(
    guardian: Visitor, anna: Visitor
) -> None:
    await guardian.send(message="hej")
    page = await anna.get("/inbox")
    await do(anna, "take", boxes(page))
    for _ in range(3):
        case = await anna.get(f"/inbox/{references(page)[0]}")
    entries = [words(line) for line in case.only("ol", class_="history-list")]
    assert [line.partition("Andersson ")[2] for line in entries] == [
        "tog ärendet",
        "läste ärendet",
    ]


async def test_what_a_colleague_changed_first_is_not_changed_again(
    office: Running, guardian: Visitor, anna: Visitor
) -> None:
    for text in ("ett", "två"):
        await guardian.send(message=text)
    page = await anna.get("/inbox")
    chosen = boxes(page)
    first = dict(list(chosen.items())[:1])
    async with signed_in(office, "bo").visitor() as bo:
        await do(bo, "take", first)
    done = await do(anna, "close", chosen)
    assert "1 ärende är avslutat." in done.text
    assert "1 ärende ändrades inte, eftersom någon hann före dig." in done.text
    taken = await anna.get("/inbox?view=taken")
    assert len(references(taken)) == 1
    assert "Bo Andersson" in taken.text
    sent_again = await do(anna, "close", chosen)
    assert "2 ärenden ändrades inte" in sent_again.text


async def test_nothing_is_done_until_cases_and_an_action_are_chosen(
    guardian: Visitor, anna: Visitor
) -> None:
    await guardian.send(message="hej")
    chosen = boxes(await anna.get("/inbox"))
    for fields, reason in (
        ({"action": "close"}, "Välj minst ett ärende"),
        ({"action": "close", "case-AAAA": "1", "case-../..": "x"}, "Välj minst ett ärende"),
        ({"action": "", **chosen}, "Välj vad du vill göra"),
        ({"action": "delete", **chosen}, "Välj vad du vill göra"),
    ):
        page = await anna.post("/inbox", fields)
        assert reason in page.text
        assert count(page, "Nya") == 1
    (box,) = page.all("input", type="checkbox")
    assert box.get("checked") is not None


async def test_a_page_of_a_hundred_is_turned_and_all_of_it_can_be_chosen(
    guardian: Visitor, anna: Visitor
) -> None:
    for number in range(30):
        await guardian.send(message=f"nummer {number}")
    first = await anna.get("/inbox")
    assert len(references(first)) == 25
    (onwards,) = (link.get("href", "") for link in first.all("a", rel="next"))
    second = await anna.get(onwards)
    assert len(references(second)) == 5
    assert not {*references(first)} & {*references(second)}
    (back,) = (link.get("href", "") for link in second.all("a", rel="prev"))
    assert references(await anna.get(back)) == references(first)
    done = await do(anna, "take", boxes(first))
    assert "25 ärenden är dina nu." in done.text
    assert references(done) == references(second)


async def test_filters_narrow_the_views_and_their_counts(guardian: Visitor, anna: Visitor) -> None:
    await guardian.send("ar", message=ARABIC, kind="question")
    await guardian.send("sv", message="Tack!", kind="praise")
    await guardian.send("sv", message="Bara det.")
    page = await anna.get("/inbox?language=ar")
    assert (len(references(page)), count(page, "Nya")) == (1, 1)
    assert len(references(await anna.get("/inbox?kind=praise"))) == 1
    assert len(references(await anna.get("/inbox?kind=none"))) == 1
    assert "Det finns inga sådana ärenden." in (await anna.get("/inbox?age=30")).text
    assert "Det finns inga sådana ärenden." in (await anna.get("/inbox?language=fa&kind=view")).text
    options = [words(option) for option in page.all("option", value="ar")]
    assert options == ["arabiska"]


@pytest.mark.parametrize(
    "query",
    [
        "view=nothing&language=%00&kind=%22&age=-1",
        "after=x_1&age=99999999999",
        "after=2026-01-01_1",
        "before=2026-01-01T00:00:00Z_99999999999999999999",
        "after=0001-01-01T00:00:00Z_1",
        "before=9999-12-31T23:59:59-23:59_1",
        "q=%22*%20OR%20NEAR(&after=z",
        "done=........AAAAAAAA&missed=-1&undone=1e9",
        "q=" + "x" * 3000,
    ],
)
async def test_an_address_may_contain_anything(anna: Visitor, query: str) -> None:
    page = await anna.get(f"/inbox?{query}")
    assert "ärenden" in page.text or "ärende" in page.text


async def test_a_case_is_found_by_words_address_and_reference(
    guardian: Visitor, anna: Visitor
) -> None:
    await guardian.send("ar", message=ARABIC)
    await guardian.send(message="Bussen är sen", email="anna@example.org")
    (arabic, swedish) = references(await anna.get("/inbox"))
    for query, expected in (
        (f"{arabic[:4]} {arabic[4:]}".lower(), [arabic]),
        ("احمد", [arabic]),
        ("ANNA@example.org", [swedish]),
        ("sen buss", [swedish]),
    ):
        assert await find(anna, query) == expected
    nothing = await anna.get("/inbox?q=ar+buss")
    assert "Inget ärende innehåller alla orden" in nothing.text
    assert nothing.only("input", id="q").get("value") == "ar buss"


async def find(visitor: Visitor, query: str) -> list[str]:
    """What a search finds, once the portal has folded what came last."""
    cases: list[str] = []
    for _ in range(500):
        page = await visitor.client.get("/inbox", params={"q": query})
        if cases := re.findall(r'class="case-link" href="/inbox/(\w+)"', page.text):
            break
        await asyncio.sleep(0.02)
    return cases


async def test_the_figures_count_what_there_is_and_name_nobody(
    guardian: Visitor, anna: Visitor
) -> None:
    await guardian.send("ar", message=ARABIC, kind="question", email="anna@example.org")
    await guardian.send(message="Tack!", kind="praise")
    await do(anna, "close", dict([*boxes(await anna.get("/inbox")).items()][:1]))
    page = await anna.get("/inbox/figures")
    assert page.title == "Läget – Grundskoleförvaltningen"
    assert "2 meddelanden har kommit in." in page.text
    rows = {words(row[0]): words(row[1]) for row in page.all("tr") if len(row) > 1}
    assert {
        name: rows[name]
        for name in ("arabiska", "svenska", "Fråga", "Beröm", "I dag", "Nytt", "Avslutat")
    } == {
        "arabiska": "1",
        "svenska": "1",
        "Fråga": "1",
        "Beröm": "1",
        "I dag": "1",
        "Nytt": "1",
        "Avslutat": "1",
    }
    assert "example.org" not in page.text
    assert "Anna" not in words(page.only("main"))
    assert all(picture.get("aria-hidden") == "true" for picture in page.all("svg"))
    year = await anna.get("/inbox/figures?veckor=52")
    assert "Meddelanden per vecka" in year.text
    assert (await anna.get("/inbox/figures?veckor=../..")).heading == "Läget"


async def test_the_inbox_is_not_refreshed_by_itself_and_runs_no_script_of_its_own(
    anna: Visitor,
) -> None:
    page = await anna.get("/inbox")
    assert not page.all("meta", http_equiv="refresh")
    assert "refresh" not in page.response.headers
    assert all("accesskey" not in element.attrib for element in page.root.iter())
