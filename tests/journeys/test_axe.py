"""Every page in every state, width and scheme of colours, as axe sees it: not a fault, and
nothing that it could not decide. A page also fails for what it says on the console, for anything it
fetches from elsewhere, and for a cookie."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib.resources import files
from itertools import chain
from pathlib import Path
from shutil import copytree
from typing import Any, Literal

import polib
import pytest
from playwright.async_api import Browser, ConsoleMessage, Error, Page, Request

from portal.settings import DATA
from tests.conftest import Running, running
from tests.journeys.browsing import LANGUAGES, SEND, SLUGS, opened

AXE = Path(str(files("axe_playwright_python") / "axe.min.js"))
LOOK = """async (which) => {
  const colours = axe.getRules(["cat.color"]).map(({ ruleId }) => ruleId);
  const all = axe.getRules().map(({ ruleId }) => ruleId);
  const others = all.filter((rule) => !colours.includes(rule));
  const runOnly = { type: "rule", values: { all, colours, others }[which] };
  const rules = { "color-contrast-enhanced": { enabled: true } };
  const { violations, incomplete } = await axe.run({ runOnly, rules });
  const undecided = incomplete.filter(({ tags }) => !tags.includes("experimental"));
  return [...violations, ...undecided].flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
}"""
"""All rules, best practices, AAA and experimental ones too; the last may be undecided."""


@dataclass(frozen=True)
class View:
    """How a page is looked at.

    Where only colours differ, only their rules are run. In forced colours axe sees
    the colours that were replaced, so test_reflow judges those.
    """

    width: int
    scheme: Literal["light", "dark"] = "light"
    forced: Literal["active", "none"] = "none"
    rules: Literal["all", "colours", "others"] = "all"


VIEWS = (
    View(320),
    View(768),
    View(1280),
    View(1280, "dark", rules="colours"),
    View(1280, "light", "active", "others"),
)
EXAMPLES = [
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
        for view in VIEWS:
            await self.page.set_viewport_size({"width": view.width, "height": 800})
            await self.page.emulate_media(color_scheme=view.scheme, forced_colors=view.forced)
            found += await self.page.evaluate(LOOK, view.rules)
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


@pytest.mark.parametrize("state", EXAMPLES)
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


async def test_a_page_that_is_only_partly_translated(browser: Browser, tmp_path: Path) -> None:
    locales = copytree(DATA / "locales", tmp_path / "locales")
    path = locales / "ar/LC_MESSAGES/portal.po"
    catalog = polib.pofile(str(path), wrapwidth=0)
    for entry in list(catalog)[::2]:
        entry.flags.append("fuzzy")
    catalog.save(str(path))
    with running(tmp_path, locales) as portal:
        async with opened(browser, portal) as page:
            await page.add_init_script(path=AXE)
            arabic, swedish = (Reader(page, tag, portal.address) for tag in ("ar", "sv"))
            await arabic.opens("ordlista")
            assert await arabic.faults() == []
            await swedish.opens("ordlista?saknas=ar")
            assert await swedish.faults() == []
