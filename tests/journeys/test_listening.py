"""A page is read aloud with the voices of the device, each part in its own language."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from tests.conftest import Running
from tests.journeys.browsing import opened

VOICES = """
const spoken = [];
let current = null;
const voices = LANGUAGES.map((lang) => ({ lang, localService: true, name: lang }));
const speech = {
  paused: false,
  getVoices: () => voices,
  speak(utterance) { spoken.push(utterance); current = utterance; },
  cancel() { current = null; },
  pause() { this.paused = true; },
  resume() { this.paused = false; },
};
Object.defineProperty(globalThis, "speechSynthesis", { value: speech });
globalThis.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
const part = ({ text, lang, voice }) => ({ text, lang, voice: voice?.name });
globalThis.heard = () => spoken.map(part);
globalThis.finishOne = () => current.onend();
"""
"""Replaces the speech of the browser, since machines that run tests have no voices."""


async def speaking(browser: Browser, portal: Running, *languages: str) -> AsyncIterator[Page]:
    async with opened(browser, portal) as page:
        await page.add_init_script(VOICES.replace("LANGUAGES", str(list(languages))))
        yield page


@pytest.fixture
async def page(browser: Browser, portal: Running) -> AsyncIterator[Page]:
    async for speaking_page in speaking(browser, portal, "ar-SA", "sv-SE"):
        yield speaking_page


async def test_each_part_is_read_in_its_own_voice_and_highlighted(page: Page) -> None:
    await page.goto("/ar/omraden/undervisning?bredvid=sv")
    await page.get_by_role("button", name="الاستماع إلى الصفحة").press("Enter")
    for _ in range(3):
        await page.evaluate("finishOne()")
    heard = await page.evaluate("heard()")
    voices = [(part["lang"], part["voice"]) for part in heard[:2]]
    assert voices == [("ar", "ar-SA"), ("sv", "sv-SE")]
    assert heard[1]["text"] == "Ökad kvalitet i undervisningen"
    await expect(page.locator(".spoken")).to_have_count(1)
    assert heard[-1]["text"] in await page.locator(".spoken").inner_text()


async def test_reading_can_be_paused_resumed_and_stopped(page: Page) -> None:
    await page.goto("/sv/omraden/styrning")
    await page.get_by_role("button", name="Lyssna på sidan").click()
    await page.get_by_role("button", name="Pausa").click()
    assert await page.evaluate("speechSynthesis.paused")
    await page.get_by_role("button", name="Fortsätt lyssna").click()
    assert not await page.evaluate("speechSynthesis.paused")
    await page.get_by_role("button", name="Sluta lyssna").click()
    await expect(page.get_by_role("button", name="Lyssna på sidan")).to_be_focused()
    await expect(page.locator(".spoken")).to_have_count(0)
    await page.get_by_role("button", name="Lyssna på sidan").click()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Sluta lyssna")).to_be_hidden()


async def test_reading_continues_to_the_end_of_the_page(page: Page) -> None:
    await page.goto("/sv/finns-inte")
    await page.get_by_role("button", name="Lyssna på sidan").click()
    while await page.get_by_role("button", name="Pausa").count():
        await page.evaluate("finishOne()")
    heard = await page.evaluate("heard()")
    assert heard[0]["text"] == "Sidan finns inte"
    assert heard[-1]["text"] == "Till kontaktformuläret"


async def test_reading_works_without_check_visibility(page: Page) -> None:
    await page.add_init_script("delete Element.prototype.checkVisibility")
    await page.goto("/sv/kontakt")
    await page.get_by_role("button", name="Lyssna på sidan").click()
    await page.evaluate("finishOne()")
    heard = await page.evaluate("heard()")
    assert heard[0]["text"] == "Kontakta grundskoleförvaltningen"
    await expect(page.locator(".spoken")).to_have_count(1)


async def test_listening_is_not_offered_without_a_voice_for_the_language(
    browser: Browser, portal: Running
) -> None:
    async for page in speaking(browser, portal, "sv-SE"):
        await page.goto("/ar/sprak")
        await expect(page.locator("[data-module=listen]")).to_be_hidden()
        await page.goto("/sv/sprak")
        await expect(page.locator("[data-module=listen]")).to_be_visible()
