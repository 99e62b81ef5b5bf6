"""A message is written, refused, corrected, sent and received, in every language, with script
and without it; script adds help, but nothing that is required."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from playwright.async_api import Browser, Page, Response, Route, expect

from tests.conftest import Running, launch
from tests.journeys.browsing import SEND, opened
from tests.journeys.conftest import FindCases
from tests.records import add_answer

VECTORS = Path(__file__).parents[1] / "vectors" / "counting.json"
LIMIT = 5000
"""Characters, as the pages promise."""
REFERENCE = re.compile(r"[A-Z0-9]{4}\xa0[A-Z0-9]{4}")
RECEIPT = "**/arende/*"


@dataclass(frozen=True)
class Words:
    """The texts that the journey expects on its way."""

    write: str
    send: str
    sending: str
    wrong: str
    empty: str
    thanks: str


WORDS = {
    "sv": Words(
        write="Skriv till oss",
        send="Skicka meddelandet",
        sending="Meddelandet skickas …",
        wrong="Fel:",
        empty="Skriv ditt meddelande.",
        thanks="Tack, vi har fått ditt meddelande",
    ),
    "en": Words(
        write="Write to us",
        send="Send the message",
        sending="Sending the message …",
        wrong="Error:",
        empty="Write your message.",
        thanks="Thank you, we have received your message",
    ),
    "ar": Words(
        write="اكتبوا إلينا",
        send="إرسال الرسالة",
        sending="جارٍ إرسال الرسالة …",
        wrong="خطأ:",
        empty="اكتبوا رسالتكم.",
        thanks="شكرًا، لقد وصلتنا رسالتكم",
    ),
}
COUNTED = [
    ("sv", 5000, "Du har 5\xa0000 tecken kvar."),
    ("sv", 1, "Du har 1 tecken kvar."),
    ("sv", -2, "Du har skrivit 2 tecken för mycket."),
    ("en", 4999, "You have 4,999 characters left."),
    ("en", 1, "You have 1 character left."),
    ("en", 0, "You have 0 characters left."),
    ("en", -1, "You have written 1 character too many."),
    ("en", -2, "You have written 2 characters too many."),
    ("ar", 5000, "بقي لكم 5,000 حرف."),
    ("ar", 4011, "بقي لكم 4,011 حرفًا."),
    ("ar", 100, "بقي لكم 100 حرف."),
    ("ar", 11, "بقي لكم 11 حرفًا."),
    ("ar", 3, "بقي لكم 3 أحرف."),
    ("ar", 2, "بقي لكم حرفان."),
    ("ar", 1, "بقي لكم حرف واحد."),
    ("ar", 0, "لم يبق لكم أي حرف."),
    ("ar", -1, "كتبتم حرفًا واحدًا أكثر من المسموح."),
    ("ar", -2, "كتبتم حرفين أكثر من المسموح."),
    ("ar", -3, "كتبتم 3 أحرف أكثر من المسموح."),
    ("ar", -11, "كتبتم 11 حرفًا أكثر من المسموح."),
    ("ar", -100, "كتبتم 100 حرف أكثر من المسموح."),
]
"""The counter in every plural form of every language, on both sides of the limit."""
RECORD = """(send) => {
    const button = document.querySelector(send);
    const status = button.parentElement.querySelector("[role=status]");
    const record = () => {
        const recorded = [button.ariaDisabled, button.textContent, status.textContent];
        sessionStorage.recorded = JSON.stringify(recorded);
    };
    new MutationObserver(record).observe(button, { attributes: true, childList: true });
}"""
"""Records the state of the button, since a page cannot be inspected while it is left."""


@pytest.fixture(params=[True, False], ids=["with script", "without script"])
async def any_tab(
    browser: Browser, portal: Running, request: pytest.FixtureRequest
) -> AsyncIterator[Page]:
    """A tab with script, and then one without it."""
    async with opened(browser, portal, java_script_enabled=request.param) as page:
        yield page


@pytest.fixture(params=[True, False], ids=["from the cache", "loaded anew"])
async def returning(
    portal: Running, browser: Browser, request: pytest.FixtureRequest
) -> AsyncIterator[Page]:
    """A tab that goes back to a page in the back/forward cache, and then one that loads it anew.

    Playwright disables that cache, so this needs a browser of its own.
    """
    disabled = ["--disable-back-forward-cache"] if request.param else []
    caching_browser = await launch(browser.browser_type, ignore_default_args=disabled)
    async with opened(caching_browser, portal) as page:
        yield page
    await caching_browser.close()


async def send(page: Page) -> Response:
    """Press the button that sends the form, and return the response."""
    async with page.expect_response(lambda response: response.request.method == "POST") as sent:
        await page.click(SEND)
    return await sent.value


@pytest.mark.parametrize("tag", WORDS)
async def test_a_message_is_written_and_received(
    any_tab: Page, tag: str, find_cases: FindCases
) -> None:
    page, words = any_tab, WORDS[tag]
    await page.goto(f"/{tag}/")
    await page.locator("main").get_by_role("link", name=words.write).click()
    await expect(page).to_have_url(re.compile(f"/{tag}/kontakt$"))

    # An empty form is refused, with a link to the field.
    await expect(page.locator(SEND)).to_have_text(words.send)
    assert (await send(page)).status == 422
    assert (await page.title()).startswith(f"{words.wrong} ")
    await expect(page.locator("html")).to_have_attribute("lang", tag)
    await page.get_by_role("alert").get_by_role("link", name=words.empty).click()
    await expect(page.locator("#message")).to_be_focused()
    await expect(page.locator("#message")).to_have_attribute("aria-invalid", "true")
    await expect(page.locator("#message-problem")).to_have_text(f"{words.wrong} {words.empty}")

    # One problem is corrected and there is another: everything that was typed remains.
    text = f"\n  “{tag}” <b>&amp; {uuid4()}\t👍🏽\n\n'\"السلام عليكم\n "
    await page.check("#kind-complaint")
    await page.fill("#message", text)
    await page.fill("#email", "anna")
    assert (await send(page)).status == 422
    await expect(page.locator("#message")).to_have_value(text)
    await expect(page.locator("#email")).to_have_value("anna")
    await expect(page.locator("#kind-complaint")).to_be_checked()
    assert await find_cases(text) == []

    # The corrected message is received, and the receipt shows it exactly.
    await page.fill("#email", "anna@skola.se")
    assert (await send(page)).status == 303
    await page.wait_for_url(RECEIPT)
    await expect(page.locator("h1")).to_have_text(words.thanks)
    await expect(page.locator(".reference")).to_have_text(REFERENCE)
    assert await page.locator(".own-words").text_content() == text
    assert (await page.locator(".own-words").inner_text()).count("\n") == text.count("\n")
    assert (await page.title()).startswith(words.thanks)
    (case,) = await find_cases(text)
    assert (case.email, case.kind, case.language) == ("anna@skola.se", "complaint", tag)


@pytest.mark.parametrize("tag", WORDS)
async def test_more_is_written_in_a_case(
    any_tab: Page, portal: Running, records: sa.Connection, tag: str
) -> None:
    page, texts = any_tab, [f"först {uuid4()}", f"“sedan” <b>\n\nسؤال {uuid4()}\n "]
    await page.goto(f"/{tag}/kontakt")
    await page.fill("#message", texts[0])
    await send(page)
    await page.wait_for_url(RECEIPT)
    add_answer(records, page.url, swedish="Ja.", translated="نعم.", language="ar")
    await page.reload()
    await expect(page.locator(".answer [lang=ar]")).to_have_text("نعم.")
    await expect(page.locator(".answer [lang=sv]")).to_have_text("Ja.")
    heading = await page.locator("h1").text_content()

    # What was written is refused, then carried into another language and back, and received.
    assert (await send(page)).status == 422
    await expect(page.locator("#message-problem")).to_contain_text(WORDS[tag].empty)
    await page.fill("#message", texts[1])
    await page.locator("button[name=switch]").first.click()
    await expect(page.locator("html")).not_to_have_attribute("lang", tag)
    await page.locator(f"button[name=switch][lang={tag}]").click()
    await expect(page.locator("html")).to_have_attribute("lang", tag)
    await expect(page.locator("#message")).to_have_value(texts[1])
    sent = await send(page)
    assert sent.status == 303
    headers = await sent.request.all_headers()
    assert (headers["origin"], headers["referer"]) == (portal.address, f"{portal.address}/")
    await expect(page.locator("#skrivet")).to_be_focused()
    await expect(page.locator("#skrivet")).to_be_in_viewport()
    written = page.locator(".own-words:not(.answer *)")
    assert await written.evaluate_all("own => own.map(({ textContent }) => textContent)") == texts
    assert await page.locator("h1").text_content() != heading


async def test_a_message_of_the_greatest_length_is_stored_byte_for_byte(
    any_tab: Page, find_cases: FindCases
) -> None:
    text = (f"{uuid4()}\n" + "السلام عليكم، لدي سؤال عن مدرسة ابنتي.\n\n" * 200)[:LIMIT]
    assert len(text) == LIMIT
    await any_tab.goto("/ar/kontakt")
    await any_tab.fill("#message", text)
    assert (await send(any_tab)).status == 303
    await any_tab.wait_for_url(RECEIPT)
    assert await any_tab.locator(".own-words").text_content() == text
    assert len(await find_cases(text)) == 1


async def test_a_message_sent_again_without_a_response_is_stored_once(
    browser: Browser, portal: Running, find_cases: FindCases
) -> None:
    text = f"inget svar {uuid4()}"
    arrived = asyncio.Event()

    async def lose_the_first_response(route: Route) -> None:
        if arrived.is_set():
            await route.continue_()
        else:
            await route.fetch(max_redirects=0)
            arrived.set()

    async with opened(browser, portal, java_script_enabled=False) as page:
        await page.goto("/sv/kontakt")
        await page.route("**/kontakt", lose_the_first_response)
        await page.fill("#message", text)
        await page.click(SEND, no_wait_after=True)
        await arrived.wait()
        assert len(await find_cases(text)) == 1

        await page.keyboard.press("Enter")
        await page.wait_for_url(RECEIPT)
        assert len(await find_cases(text)) == 1


async def test_after_a_refusal_focus_is_on_the_problems(tab: Page) -> None:
    await tab.goto("/ar/kontakt")
    await send(tab)
    await expect(tab.locator("#problems")).to_be_focused()
    await expect(tab.locator("#problems")).to_be_in_viewport()

    # A link leads to the field and scrolls its label into view.
    await tab.get_by_role("link", name=WORDS["ar"].empty).click()
    await expect(tab.locator("label[for=message]")).to_be_in_viewport()


@pytest.mark.parametrize("tag", WORDS)
async def test_the_counter_uses_every_plural_form(tab: Page, tag: str) -> None:
    await tab.goto(f"/{tag}/kontakt")
    for language, left, words in COUNTED:
        if language == tag:
            await tab.fill("#message", "å" * (LIMIT - left))
            await expect(tab.locator(".counter")).to_have_text(words)


async def test_the_counter_works_in_a_language_that_the_browser_lacks(
    browser: Browser, portal: Running
) -> None:
    """The browser then takes the plural rule of its own language, with forms that are missing."""

    async def respond_in_khowar(route: Route) -> None:
        response = await route.fetch()
        text = (await response.text()).replace('<html lang="en"', '<html lang="khw"')
        await route.fulfill(response=response, body=text)

    async with opened(browser, portal, locale="ar") as page:
        await page.route("**/en/kontakt", respond_in_khowar)
        await page.goto("/en/kontakt")
        for left, words in ((3, "You have 3 characters left."), (-2, "2 characters too many.")):
            await page.fill("#message", "a" * (LIMIT - left))
            await expect(page.locator(".counter")).to_contain_text(words)


async def test_the_counter_counts_as_the_server_does(tab: Page) -> None:
    await tab.goto("/sv/kontakt")
    vectors = VECTORS.read_text("utf-8")
    counts = await tab.evaluate(
        """async (vectors) => {
            const { count } = await import(document.querySelector('script[src*="/counter."]').src);
            return JSON.parse(vectors).map(({ text }) => count(text));
        }""",
        vectors,
    )
    assert counts == [vector["count"] for vector in json.loads(vectors)]


async def test_the_counter_is_announced_only_near_the_limit_and_after_a_pause(tab: Page) -> None:
    await tab.clock.install(time=0)
    await tab.goto("/en/kontakt")
    await tab.clock.pause_at(60_000)
    announced = tab.locator("#message ~ [role=status]")
    visible = tab.locator(".counter")
    await expect(visible).to_have_attribute("aria-hidden", "true")

    for left, words in [
        (4000, ""),
        (500, ""),
        (499, "You have 499 characters left."),
        (-1, "You have written 1 character too many."),
        (4000, ""),
    ]:
        before = await announced.text_content()
        await tab.fill("#message", "å" * (LIMIT - left))
        await expect(visible).to_contain_text(str(abs(left)) if abs(left) < 1000 else "4,000")
        await tab.clock.run_for(900)
        assert await announced.text_content() == before
        await tab.clock.run_for(200)
        assert await announced.text_content() == words


async def test_a_text_over_the_limit_is_marked_and_never_cut(
    tab: Page, find_cases: FindCases
) -> None:
    text = "å" * LIMIT + "slut"
    await tab.goto("/sv/kontakt")
    await tab.fill("#message", text)
    await expect(tab.locator(".counter.over")).to_contain_text("4 tecken")
    assert (await send(tab)).status == 422
    await expect(tab.locator("#message")).to_have_value(text)
    await expect(tab.locator("#message-problem")).to_contain_text("4 tecken för långt")
    await expect(tab.locator(".counter.over")).to_contain_text("4 tecken")

    await tab.fill("#message", text[:LIMIT])
    await expect(tab.locator(".counter")).not_to_have_class(re.compile("over"))


@pytest.mark.parametrize("tag", WORDS)
async def test_the_button_shows_that_a_message_is_being_sent(
    tab: Page, tag: str, find_cases: FindCases
) -> None:
    text = f"ett långsamt nät {uuid4()}"
    sent: list[str] = []
    network = asyncio.Event()

    async def slowly(route: Route) -> None:
        sent.append(route.request.method)
        await network.wait()
        await route.continue_()

    await tab.goto(f"/{tag}/kontakt")
    await tab.route("**/kontakt", slowly)
    await tab.fill("#message", text)
    await tab.evaluate(RECORD, SEND)
    await tab.click(SEND, no_wait_after=True)
    await tab.keyboard.press("Enter")
    await tab.keyboard.press("Space")
    network.set()
    await tab.wait_for_url(RECEIPT)
    assert sent == ["POST"]
    assert len(await find_cases(text)) == 1
    recorded = await tab.evaluate("JSON.parse(sessionStorage.recorded)")
    assert recorded == ["true", WORDS[tag].sending, WORDS[tag].sending]


async def test_changing_the_language_keeps_what_was_typed(any_tab: Page) -> None:
    await any_tab.goto("/sv/kontakt")
    await any_tab.fill("#message", "Hej!\nالسلام عليكم")
    await any_tab.check("#kind-view")
    await any_tab.get_by_role("button", name="العربية").click()
    await expect(any_tab.locator("html")).to_have_attribute("lang", "ar")
    await expect(any_tab.locator(SEND)).to_have_text(WORDS["ar"].send)
    await expect(any_tab.locator("#message")).to_have_value("Hej!\nالسلام عليكم")
    await expect(any_tab.locator("#kind-view")).to_be_checked()
    await expect(any_tab.locator("#problems")).to_have_count(0)


async def test_changing_the_language_does_not_look_like_sending(tab: Page) -> None:
    await tab.goto("/sv/kontakt")
    await tab.fill("#message", "Hej!")
    await tab.evaluate(RECORD, SEND)
    await tab.get_by_role("button", name="English").click()
    await expect(tab.locator("html")).to_have_attribute("lang", "en")
    assert await tab.evaluate("sessionStorage.recorded") is None


async def test_going_back_shows_the_form_as_it_was(returning: Page, find_cases: FindCases) -> None:
    page, text = returning, f"tillbaka {uuid4()}"
    await page.goto("/sv/kontakt")
    await page.fill("#message", text)
    await send(page)
    await page.wait_for_url(RECEIPT)
    receipt = page.url

    await page.go_back(wait_until="commit")
    button = page.locator(SEND)
    await expect(button).to_have_text("Skicka meddelandet")
    await expect(button).not_to_have_attribute("aria-disabled", "true")
    await expect(page.locator(f"{SEND} ~ [role=status]")).to_have_text("")
    await expect(page.locator("#message")).to_have_value(text)
    left = f"{LIMIT - len(text):,}".replace(",", "\xa0")
    await expect(page.locator(".counter")).to_have_text(f"Du har {left} tecken kvar.")

    # Sent again, it is still the same message.
    await send(page)
    await page.wait_for_url(receipt)
    assert len(await find_cases(text)) == 1


@pytest.mark.parametrize("pressed", [SEND, "button[lang=ar]"], ids=["an error", "a language"])
async def test_back_from_a_link_of_the_form_brings_the_words_back(
    returning: Page, pressed: str
) -> None:
    page, text = returning, f"Hej!\nالسلام عليكم {uuid4()}"
    await page.goto("/sv/kontakt")
    await page.fill("#message", text)
    await page.fill("#email", "anna@")
    async with page.expect_response(lambda answer: answer.request.method == "POST"):
        await page.locator(pressed).first.click()
    await expect(page.locator("#message")).to_have_value(text)
    await page.fill("#email", "anna@skola")
    await page.locator("main form a[href*=personuppgifter]").click()
    await page.wait_for_url("**/personuppgifter")

    await page.go_back(wait_until="commit")
    await expect(page.locator("#message")).to_have_value(text)
    await expect(page.locator("#email")).to_have_value("anna@skola")
