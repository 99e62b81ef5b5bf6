"""Every page in every state and both colour schemes, as axe sees it: not a fault, and nothing
that it could not decide. A page also fails for what it says on the console, for anything it
fetches from elsewhere, and for a cookie."""

from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Browser, ConsoleMessage, Error, Page, Request

from tests.conftest import Running
from tests.journeys.browsing import LANGUAGES, SEND, SLUGS, opened

AXE = Path(str(files("axe_playwright_python") / "axe.min.js"))
RULES = {
    "runOnly": [
        *("wcag2a", "wcag2aa", "wcag2aaa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"),
    ],
    "rules": {"color-contrast-enhanced": {"enabled": True}, "target-size": {"enabled": True}},
    "resultTypes": ["violations", "incomplete"],
}
LOOK = "async (rules) => { const { violations, incomplete } = await axe.run(rules);" + (
    "return [...violations, ...incomplete].flatMap(({ id, nodes }) =>"
    " nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`)); }"
)
SCANS: dict[Literal["light", "dark"], dict[str, Any]] = {
    "light": RULES,
    "dark": RULES | {"runOnly": ["cat.color"]},
}
"""In the dark nothing is different but the colours."""


class Reader:
    """A tab in one language that notes what no page may do."""

    def __init__(self, page: Page, tag: str, origin: str) -> None:
        self.page, self.tag, self.origin = page, tag, origin
        self.noted: list[str] = []
        page.on("console", self._hears)
        page.on("pageerror", self._stumbles)
        page.on("request", self._fetches)

    async def opens(self, slug: str) -> None:
        await self.page.goto(f"/{self.tag}/{slug}")

    async def finds_nothing_wrong(self) -> None:
        for scheme, rules in SCANS.items():
            await self.page.emulate_media(color_scheme=scheme)
            found: list[str] = await self.page.evaluate(LOOK, rules)
            assert found == [], scheme
        assert self.noted == []
        assert await self.page.context.cookies() == []

    def _hears(self, message: ConsoleMessage) -> None:
        # The browser says the status of the page itself, 404 or 422, as an error.
        of_the_page: Any = message.location["url"] == self.page.url
        if message.type in {"error", "warning"} and not (of_the_page and "status" in message.text):
            self.noted.append(f"{message.type}: {message.text}")

    def _stumbles(self, error: Error) -> None:
        self.noted.append(str(error))

    def _fetches(self, request: Request) -> None:
        if not request.url.startswith(f"{self.origin}/"):
            self.noted.append(f"fetches {request.url}")


@pytest.fixture(scope="module", params=LANGUAGES)
async def reader(
    browser: Browser, portal: Running, request: pytest.FixtureRequest
) -> AsyncIterator[Reader]:
    async with opened(browser, portal) as page:
        await page.add_init_script(path=AXE)
        yield Reader(page, request.param, portal.address)


@pytest.mark.parametrize("slug", SLUGS)
async def test_a_page(reader: Reader, slug: str) -> None:
    await reader.opens(slug)
    await reader.finds_nothing_wrong()


@pytest.mark.parametrize("slug", ["", "kontakt"])
async def test_a_page_with_the_swedish_text_alongside(reader: Reader, slug: str) -> None:
    await reader.opens(f"{slug}?bredvid=sv")
    await reader.finds_nothing_wrong()


async def test_a_page_that_does_not_exist(reader: Reader) -> None:
    await reader.opens("finns-inte")
    await reader.finds_nothing_wrong()


async def test_a_report_about_a_page(reader: Reader) -> None:
    await reader.opens("kontakt?kind=accessibility&page=klagomal")
    await reader.finds_nothing_wrong()


async def test_a_form_with_errors_and_then_its_receipt(reader: Reader) -> None:
    await reader.opens("kontakt")
    await reader.page.fill("#message", "å" * 5001)
    await reader.page.fill("#email", "@")
    await reader.page.click(SEND)
    await reader.page.wait_for_selector("#problems")
    await reader.finds_nothing_wrong()

    await reader.page.fill("#message", f"{reader.tag}\n" * 20)
    await reader.page.fill("#email", "namn@skola.se")
    await reader.page.click(SEND)
    await reader.page.wait_for_selector(".receipt")
    await reader.finds_nothing_wrong()
