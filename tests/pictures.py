"""Take the pictures of the documentation: python -m tests.pictures

The start pages for the README; an overview for people to look at, in three languages, two widths
and both colour schemes, with a page of each template, a missing page, errors and a receipt; and
pages of the inbox.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from playwright.async_api import Browser, FloatRect, Page, async_playwright

from portal.settings import CHECKOUT
from tests.conftest import Running, launch, running
from tests.staff import signed_in
from tests.visitor import Visitor

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


async def take_inbox(browser: Browser, portal: Running) -> None:
    """Take the pictures of the inbox, and of the guide for officers: a case and its answer."""
    guardian = Visitor(portal.address)
    receipt = await guardian.send("ar", message=QUESTION, kind="question", email="m@example.org")
    for language, kind, text in OTHERS:
        await guardian.send(language, message=text, kind=kind)
    await guardian.client.aclose()
    reference = urlsplit(str(receipt.response.url)).path.rpartition("/")[2].partition("-")[0]
    viewport = {"width": 1100, "height": 900}
    officer, colleague = signed_in(portal, "anna"), signed_in(portal, "bo")
    async with officer.tab(browser, viewport=viewport) as page, colleague.tab(browser) as other:
        await page.goto("/inbox")
        await page.screenshot(path=IMAGES / "inbox.png", clip=clip(780))
        await other.goto(f"/inbox/{reference}")
        await other.get_by_text("Återge på svenska").click()
        await other.get_by_label("Meddelandet på svenska").fill(RENDERING)
        await other.get_by_role("button", name="Spara återgivningen").click()
        await page.goto(f"/inbox/{reference}")
        await page.get_by_role("button", name="Ta ärendet").click()
        await page.goto(f"/inbox/{reference}")
        await page.screenshot(path=IMAGES / "case.png", clip=clip(900))
        await page.select_option("#phrase", "thanks")
        await page.get_by_role("button", name="Lägg till").click()
        await page.fill("#swedish", f"{await page.input_value('#swedish')}\n\n{ANSWER[0]}")
        await page.fill("#translated", f"{await page.input_value('#translated')}\n\n{ANSWER[1]}")
        await page.locator("#translated").blur()
        await page.locator("#answer-form").screenshot(path=IMAGES / "answer.png")
        await page.get_by_role("button", name="Förhandsgranska").click()
        await page.locator(".preview").screenshot(path=IMAGES / "preview.png")


def clip(height: int) -> FloatRect:
    """The upper part of a page."""
    return {"x": 0, "y": 0, "width": 1100, "height": height}


QUESTION = "السلام عليكم،\nفي أي مدرسة سيبدأ ابني أحمد في الخريف؟ لديه تشخيص بالتوحد.\nشكرًا لكم."
OTHERS = (
    ("sv", "complaint", "Bussen till skolan kommer för sent varje dag."),
    ("en", "praise", "Thank you for the good teachers at my daughter's school!"),
)
RENDERING = "Hej,\nvilken skola börjar min son Ahmed på i höst? Han har diagnosen autism.\nTack."
ANSWER = (
    "Skriv gärna till rektorn på Bergsjöskolan.",
    "نرجو أن تكتبوا إلى مدير مدرسة بيرغشو.",
)


async def main() -> None:
    folder = Path(tempfile.mkdtemp())
    async with async_playwright() as playwright:
        browser = await launch(playwright.chromium)
        with running(folder) as portal:
            await take(browser, portal.address, folder)
            await take_inbox(browser, portal)
        await browser.close()
    shutil.rmtree(folder)


if __name__ == "__main__":
    asyncio.run(main())
