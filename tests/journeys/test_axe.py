"""Every page in every state and both colour schemes, as axe sees it: not a fault, and nothing
that it could not decide. A page also fails for what it says on the console, for anything it
fetches from elsewhere, and for a cookie."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from importlib.resources import files
from itertools import chain
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
STATES = [
    *SLUGS,
    "?bredvid=sv",
    "kontakt?bredvid=sv",
    "kontakt?kind=accessibility&page=klagomal",
    "finns-inte",
]


class Reader:
    """A tab in one language that notes what no page may do."""

    def __init__(self, page: Page, tag: str, origin: str) -> None:
        self.page, self.tag, self.origin = page, tag, origin
        self.noted: list[str] = []
        page.on("console", self._hears)
        page.on("pageerror", self._stumbles)
        page.on("request", self._fetches)

    async def opens(self, state: str) -> None:
        self.noted.clear()
        await self.page.goto(f"/{self.tag}/{state}")

    async def faults(self) -> list[str]:
        """Everything that is wrong with the page as it stands."""
        found: list[str] = []
        for scheme, rules in SCANS.items():
            await self.page.emulate_media(color_scheme=scheme)
            found += await self.page.evaluate(LOOK, rules)
        found += [*self.noted, *map(str, await self.page.context.cookies())]
        return [f"{self.page.url}: {fault}" for fault in found]

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


@pytest.fixture(scope="module")
async def readers(browser: Browser, portal: Running) -> AsyncIterator[list[Reader]]:
    """One in each language; they look at the same time."""
    async with AsyncExitStack() as tabs:
        pages = [await tabs.enter_async_context(opened(browser, portal)) for _ in LANGUAGES]
        for page in pages:
            await page.add_init_script(path=AXE)
        yield [Reader(*each, portal.address) for each in zip(pages, LANGUAGES, strict=True)]


@pytest.mark.parametrize("state", STATES)
async def test_a_page(readers: list[Reader], state: str) -> None:
    async def look(reader: Reader) -> list[str]:
        await reader.opens(state)
        return await reader.faults()

    assert [*chain(*await asyncio.gather(*map(look, readers)))] == []


async def test_a_form_with_errors_and_then_its_receipt(readers: list[Reader]) -> None:
    async def send(reader: Reader) -> list[str]:
        await reader.opens("kontakt")
        await reader.page.fill("#message", "å" * 5001)
        await reader.page.fill("#email", "@")
        await reader.page.click(SEND)
        await reader.page.wait_for_selector("#problems")
        refused = await reader.faults()

        await reader.page.fill("#message", f"{reader.tag}\n" * 20)
        await reader.page.fill("#email", "namn@skola.se")
        await reader.page.click(SEND)
        await reader.page.wait_for_selector(".receipt")
        return refused + await reader.faults()

    assert [*chain(*await asyncio.gather(*map(send, readers)))] == []
