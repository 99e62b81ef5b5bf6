"""The way of an answer in a browser, and the page of a case in every state of it."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from portal.storage.database import Database
from tests.conftest import Running, Serve
from tests.journeys.browsing import opened
from tests.journeys.soundness import check_sound
from tests.journeys.test_axe import AXE
from tests.journeys.test_keyboard import is_visible, tab_to
from tests.records import end_holds, number_at
from tests.sink import Sink, open_sink, part
from tests.staff import PASSWORD, signed_in
from tests.visitor import Visitor

ARABIC = "السلام عليكم، في أي مدرسة ابني؟ رقمه ١٢٠١٠١-٢٣٨٠ ولديه تشخيص."
REPLY = "ابنكم في مدرسة بيرغشو."
HOLD = 60
"""Seconds: enough to take an answer back in a browser."""


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    """A mail server that takes every letter."""
    with open_sink() as sink:
        yield sink


@pytest.fixture(scope="module")
def office(serve: Serve, sink: Sink) -> Iterator[Running]:
    """A portal that sends letters, and whose answers are held for a while."""
    with serve(
        PORTAL_ANSWER_HOLD_SECONDS=str(HOLD),
        PORTAL_SMTP_URL=sink.url,
        PORTAL_MAIL_FROM="portal@example.org",
        PORTAL_MAIL_TO="skola@example.org",
    ) as portal:
        yield portal


@pytest.fixture
async def guardian(office: Running) -> AsyncIterator[Visitor]:
    """Somebody who writes to that portal."""
    visitor = Visitor(office.address)
    yield visitor
    await visitor.client.aclose()


async def send(guardian: Visitor, text: str) -> tuple[str, str]:
    """Send a message in Arabic; gives the guardian's and the staff's address of its case."""
    receipt = await guardian.send("ar", message=text, kind="question", email="a@example.org")
    path = urlsplit(str(receipt.response.url)).path
    return path, f"/inbox/{path.rpartition('/')[2].partition('-')[0]}"


def button(page: Page, action: str) -> Locator:
    """The button that does something."""
    return page.locator(f"button[name=do][value^='{action}']").first


async def press(page: Page, action: str) -> None:
    """Press the button that does something, and wait for the page that follows."""
    async with page.expect_navigation():
        await button(page, action).click()


async def test_the_way_of_an_answer(
    browser: Browser, office: Running, guardian: Visitor, sink: Sink
) -> None:
    path, address = await send(guardian, ARABIC)
    anna, bo = signed_in(office, "anna"), signed_in(office, "bo")
    for recipient in ("a@example.org", "skola@example.org"):
        letter = await sink.letter_to(recipient)
        assert "ابني" not in letter.as_string() + part(letter, "plain") + part(letter, "html")

    async with anna.tab(browser) as page, bo.tab(browser) as colleague:
        # An officer who is not signed in any more signs in, and takes the case.
        await page.context.clear_cookies()
        await page.goto(address)
        await page.fill("#name", "anna")
        await page.fill("#password", PASSWORD)
        await page.fill("#totp", anna.code())
        await page.get_by_role("button", name="Logga in").click()
        await page.wait_for_url(f"**{address}")
        await press(page, "take")
        await expect(page.locator("#done")).to_have_text(re.compile("Ärendet är ditt nu."))

        # A colleague who reads Arabic writes what the message says.
        await colleague.goto(address)
        await colleague.get_by_text("Återge på svenska").click()
        await colleague.get_by_label("Meddelandet på svenska").fill("I vilken skola går min son?")
        await press(colleague, "rendering")
        await expect(colleague.locator(".rendering")).to_contain_text("På svenska, av Bo Andersson")

        # A standard sentence in both languages, and words of one's own.
        await page.reload()
        await expect(page.locator(".rendering")).to_contain_text("I vilken skola går min son?")
        await page.select_option("#phrase", "thanks")
        await press(page, "phrase")
        swedish, translated = page.locator("#swedish"), page.locator("#translated")
        await expect(swedish).to_have_value("Hej! Tack för ditt meddelande.")
        await swedish.fill(await swedish.input_value() + "\n\nHan går i Bergsjöskolan.")
        await translated.fill(await translated.input_value() + "\n\n" + REPLY)
        await press(page, "preview")
        preview = page.locator(".preview-frame")
        await expect(preview.locator("[lang=ar][dir=rtl]").last).to_contain_text(REPLY)
        await expect(preview.locator("[lang=sv]")).to_contain_text("Bergsjöskolan")

        # It is sent, taken back in its hold, and sent again.
        await press(page, "send")
        await expect(page.locator("#done")).to_contain_text("Svaret skickas om")
        assert REPLY not in (await guardian.get(path)).text
        await press(page, "take-back")
        await expect(page.locator("#done")).to_contain_text("Du har tagit tillbaka svaret.")
        await swedish.fill("Hej! Han går i Bergsjöskolan, Ring oss gärna.")
        await press(page, "send")
        await expect(page.locator("#done")).to_contain_text("Svaret skickas om")
        assert REPLY not in (await guardian.get(path)).text
    with closing(Database(office.settings.database_url)) as database, database.connect() as records:
        end_holds(records, number_at(path))

    # The guardian opens the case from the letter, reads both languages, and writes more.
    letter = await sink.letter_to("a@example.org", 2)
    assert REPLY not in part(letter, "plain") + part(letter, "html")
    (link,) = re.findall(r"^http\S+$", part(letter, "plain"), re.MULTILINE)
    assert link == office.address + path
    async with opened(browser, office) as reader, anna.tab(browser) as page:
        await reader.goto(link)
        answer = reader.locator(".entry.answer")
        await expect(answer.locator("[lang=ar]")).to_contain_text(REPLY)
        await expect(answer.locator("[lang=sv]")).to_contain_text("Ring oss gärna.")
        await expect(reader.get_by_text("Interna")).to_have_count(0)
        await reader.fill("#message", "شكرًا، ومتى يبدأ؟")
        await reader.locator("main form [type=submit]").click()
        await reader.wait_for_selector("#skrivet")

        # It is open again, and its officer still has it.
        await page.goto(address)
        facts = page.locator(".case-facts")
        await expect(facts).to_contain_text("Taget")
        await expect(facts).to_contain_text("Anna Andersson")
        await expect(page.locator(".entry").last).to_contain_text("شكرًا، ومتى يبدأ؟")


async def test_an_answer_is_written_and_sent_by_keyboard_alone(
    browser: Browser, office: Running, guardian: Visitor
) -> None:
    _, address = await send(guardian, "بلوحة المفاتيح")
    async with signed_in(office, "anna").tab(browser) as page:
        await page.goto(address)
        await tab_to(page, page.locator("#phrase"))
        await page.keyboard.type("Hej! Tack för d")
        await tab_to(page, button(page, "phrase"))
        await page.keyboard.press("Enter")
        await page.wait_for_url("**draft=**")
        await tab_to(page, page.locator("#translated"))
        await page.keyboard.type(REPLY)
        await tab_to(page, button(page, "send"))
        await page.keyboard.press("Enter")
        await expect(page.locator("#done")).to_be_focused()
        assert is_visible(await page.evaluate("measure.focus()"))
        await tab_to(page, button(page, "take-back"))
        await page.keyboard.press("Enter")
        await expect(page.locator("#done")).to_contain_text("Du har tagit tillbaka svaret.")


async def test_a_case_is_sound_in_every_state(
    browser: Browser, office: Running, guardian: Visitor
) -> None:
    _, address = await send(guardian, f"{ARABIC}\n{'ا' * 200} {'skolplikt' * 30}")
    _, other = await send(guardian, "موضوع آخر")
    anna, bo = signed_in(office, "anna"), signed_in(office, "bo")
    async with anna.tab(browser) as page, bo.tab(browser) as colleague:
        await page.add_init_script(path=AXE)
        await page.goto(address)
        await check_sound(page)

        await press(page, "take")
        for details in await page.locator("main details").all():
            await details.evaluate("details => details.open = true")
        await check_sound(page)

        await page.fill("#note", "n" * 200)
        await press(page, "note")
        await page.fill("#other", other.rpartition("/")[2])
        await press(page, "link")
        await page.fill("#swedish", "Bra. " + "s" * 200)
        await page.fill("#translated", REPLY)
        await press(page, "preview")
        await check_sound(page)

        await page.fill("#note", " ")
        await press(page, "note")
        await expect(page.locator("#problems")).to_be_focused()
        await check_sound(page)

        await page.goto(address)
        await colleague.goto(address)
        await colleague.fill("#translated", REPLY)
        await press(colleague, "send")
        await expect(colleague.locator("#done")).to_be_visible()
        await press(page, "send")
        await expect(page.locator("#done")).to_contain_text("Svaret är inte skickat.")
        await check_sound(page)

        await press(page, "send")
        await expect(page.locator("#done")).to_contain_text("Svaret skickas om")
        await check_sound(page)
