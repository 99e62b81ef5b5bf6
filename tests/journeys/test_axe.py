"""axe finds no fault in any state of a page, at any width and in any colour scheme, and leaves
nothing undecided. A page also fails for a message on the console, a request to another
origin, and a cookie."""

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
import sqlalchemy as sa
from playwright.async_api import Browser, ConsoleMessage, Error, Page, Request

from portal.settings import DATA
from tests.conftest import Running, running
from tests.journeys.browsing import LANGUAGES, SEND, SLUGS, opened
from tests.records import add_answer
from tests.visitor import Visitor

AXE = Path(str(files("axe_playwright_python") / "axe.min.js"))
RUN_AXE = """async (which) => {
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
"""Runs all rules, with best practices, AAA and experimental ones; the last may be undecided."""


@dataclass(frozen=True)
class View:
    """A width and a colour scheme in which a page is checked, and the rules that are run.

    Where only colours differ, only the rules about colours are run. With forced colours axe
    reads the original ones, so ``test_reflow`` checks that contrast.
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
    """A tab in one language, which records what no page may do."""

    def __init__(self, page: Page, tag: str, origin: str) -> None:
        self.page, self.tag, self.origin = page, tag, origin
        self.recorded: list[str] = []
        page.on("console", self._record_message)
        page.on("pageerror", self._record_error)
        page.on("request", self._record_request)

    async def open(self, state: str) -> None:
        self.recorded.clear()
        await self.page.goto(f"/{self.tag}/{state}")

    async def faults(self) -> list[str]:
        """Everything that is wrong with the page in its present state."""
        faults: list[str] = []
        for view in VIEWS:
            await self.page.set_viewport_size({"width": view.width, "height": 800})
            await self.page.emulate_media(color_scheme=view.scheme, forced_colors=view.forced)
            faults += await self.page.evaluate(RUN_AXE, view.rules)
        faults += [*self.recorded, *map(str, await self.page.context.cookies())]
        return [f"{self.page.url}: {fault}" for fault in faults]

    def _record_message(self, message: ConsoleMessage) -> None:
        # The browser reports the status of the page itself, 404 or 422, as an error.
        of_the_page: Any = message.location["url"] == self.page.url
        if message.type in {"error", "warning"} and not (of_the_page and "status" in message.text):
            self.recorded.append(f"{message.type}: {message.text}")

    def _record_error(self, error: Error) -> None:
        self.recorded.append(str(error))

    def _record_request(self, request: Request) -> None:
        if not request.url.startswith(f"{self.origin}/"):
            self.recorded.append(f"fetches {request.url}")


@pytest.fixture(scope="module")
async def readers(browser: Browser, portal: Running) -> AsyncIterator[list[Reader]]:
    """A reader for each language; they check pages at the same time."""
    async with AsyncExitStack() as tabs:
        pages = [await tabs.enter_async_context(opened(browser, portal)) for _ in LANGUAGES]
        for page in pages:
            await page.add_init_script(path=AXE)
        yield [Reader(*each, portal.address) for each in zip(pages, LANGUAGES, strict=True)]


@pytest.mark.parametrize("state", EXAMPLES)
async def test_a_page_has_no_fault(readers: list[Reader], state: str) -> None:
    async def look(reader: Reader) -> list[str]:
        await reader.open(state)
        return await reader.faults()

    assert [*chain(*await asyncio.gather(*map(look, readers)))] == []


async def test_a_refused_form_and_its_receipt_have_no_fault(readers: list[Reader]) -> None:
    async def send(reader: Reader) -> list[str]:
        await reader.open("kontakt")
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


async def test_a_case_has_no_fault_in_any_state(
    readers: list[Reader], visitor: Visitor, records: sa.Connection
) -> None:
    async def look(reader: Reader) -> list[str]:
        receipt = await visitor.send(reader.tag, message=f"hur går det? {reader.tag}")
        path = receipt.response.url.path
        add_answer(records, path, swedish="Bra.", translated="جيد.", language="ar")
        await reader.page.goto(path)
        faults = await reader.faults()
        if reader.tag != "sv":
            await reader.page.goto(f"{path}?bredvid=sv")
            faults += await reader.faults()
        await reader.page.fill("#message", "å" * 5001)
        await reader.page.click(SEND)
        await reader.page.wait_for_selector("#problems")
        faults += await reader.faults()
        await reader.page.fill("#message", "Tack!")
        await reader.page.click(SEND)
        await reader.page.wait_for_selector("#skrivet")
        return faults + await reader.faults()

    assert [*chain(*await asyncio.gather(*map(look, readers)))] == []


async def test_a_refused_finder_has_no_fault(readers: list[Reader]) -> None:
    async def look(reader: Reader) -> list[str]:
        await reader.open("arende")
        await reader.page.fill("#code", "A")
        await reader.page.click(SEND)
        await reader.page.wait_for_selector("#problems")
        return await reader.faults()

    assert [*chain(*await asyncio.gather(*map(look, readers)))] == []


async def test_a_partly_translated_page_has_no_fault(browser: Browser, tmp_path: Path) -> None:
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
            await arabic.open("ordlista")
            assert await arabic.faults() == []
            await swedish.open("ordlista?saknas=ar")
            assert await swedish.faults() == []
