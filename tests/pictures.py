"""Take the pictures of the documentation: python -m tests.pictures

The start pages for the README, and an overview of every page and state for people to look
at, in three languages, two widths and both colour schemes.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, Page, async_playwright

from portal.settings import CHECKOUT
from tests.conftest import launch, running

IMAGES = CHECKOUT / "docs" / "images"
Scheme = Literal["light", "dark"]
ROWS: tuple[tuple[str, int, Scheme], ...] = (
    ("sv", 1280, "light"),
    ("ar", 1280, "dark"),
    ("en", 320, "light"),
    ("ar", 320, "light"),
)
SLUGS = (
    "",
    "omraden/undervisning",
    "omraden/skolenhetsutredningen",
    "kontakt",
    "arende",
    "personuppgifter",
    "tillganglighet",
    "klagomal",
    "ordlista",
    "sprak",
    "finns-inte",
)


@asynccontextmanager
async def tab(browser: Browser, width: int, scheme: Scheme) -> AsyncIterator[Page]:
    viewport = {"width": width, "height": 900}
    context = await browser.new_context(viewport=viewport, color_scheme=scheme)  # type: ignore[arg-type]
    yield await context.new_page()
    await context.close()


async def take(browser: Browser, address: str, folder: Path) -> None:
    rows = []
    for tag, width, scheme in ROWS:
        names = []
        async with tab(browser, width, scheme) as page:
            for slug in SLUGS:
                await page.goto(f"{address}/{tag}/{slug}")
                names.append(f"{tag}-{width}-{slug.replace('/', '-') or 'start'}.png")
                await page.screenshot(path=folder / names[-1], full_page=True)
            await page.goto(f"{address}/{tag}/kontakt")
            await page.locator("form button[type=submit]").last.click()
            names.append(f"{tag}-{width}-errors.png")
            await page.screenshot(path=folder / names[-1], full_page=True)
            await page.locator("#message").fill("السلام عليكم، متى تبدأ المدرسة؟")
            await page.locator("form button[type=submit]").last.click()
            names.append(f"{tag}-{width}-receipt.png")
            await page.locator(".reference").wait_for()
            await page.screenshot(path=folder / names[-1], full_page=True)
        rows.append("".join(f'<img src="{name}">' for name in names))
    await take_overview(browser, folder, rows)
    for tag in ("sv", "ar"):
        async with tab(browser, 1100, "light") as page:
            await page.goto(f"{address}/{tag}/")
            await page.screenshot(path=IMAGES / f"start-{tag}.png")


async def take_overview(browser: Browser, folder: Path, rows: list[str]) -> None:
    """Take a picture that shows all the others, small."""
    style = "body{margin:8px;background:#888}img{inline-size:150px;margin:2px;vertical-align:top}"
    html = f"<style>{style}</style>" + "".join(f"<div>{row}</div>" for row in rows)
    (folder / "overview.html").write_text(html)
    async with tab(browser, 1900, "light") as page:
        await page.goto(f"file://{folder}/overview.html")
        picture = IMAGES / "contact-sheet.jpg"
        await page.screenshot(path=picture, full_page=True, type="jpeg", quality=70)


async def main() -> None:
    folder = Path(tempfile.mkdtemp())
    async with async_playwright() as playwright:
        browser = await launch(playwright.chromium)
        with running(folder) as portal:
            await take(browser, portal.address, folder)
        await browser.close()
    shutil.rmtree(folder)


if __name__ == "__main__":
    asyncio.run(main())
