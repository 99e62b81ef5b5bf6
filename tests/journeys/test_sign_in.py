"""From the command that makes an account to a session that ends, in a browser."""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import pytest
from playwright.async_api import Browser, Page, expect

from portal.commands import main
from portal.staff import totp
from tests.conftest import Running, Serve
from tests.journeys.browsing import opened
from tests.journeys.soundness import check_sound
from tests.journeys.test_axe import AXE
from tests.journeys.test_keyboard import tab_to
from tests.staff import PASSWORD, signed_in


@pytest.fixture(scope="module")
def office(serve: Serve) -> Iterator[Running]:
    """A portal in which nobody has an account yet."""
    with serve() as portal:
        yield portal


@pytest.fixture(params=[True, False], ids=["with script", "without script"])
async def page(
    browser: Browser, office: Running, request: pytest.FixtureRequest
) -> AsyncIterator[Page]:
    async with opened(browser, office, java_script_enabled=request.param) as page:
        yield page


class NewAccount(NamedTuple):
    name: str
    first_password: str


@pytest.fixture
async def account(
    office: Running,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> NewAccount:
    """An account as an operator makes it."""
    monkeypatch.setenv("DATABASE_URL", office.settings.database_url)
    name = f"eva{abs(hash(request.node.name)) % 10_000}"
    arguments = ["staff", "add", name, "--full-name", "Eva Ek", "--role", "administrator"]
    assert await asyncio.to_thread(main, arguments) == 0
    password = capsys.readouterr().out.partition("First password: ")[2].partition("\n")[0]
    return NewAccount(name, password)


def code_of(secret: str) -> str:
    """The code that an app shows for a secret that was typed into it."""
    key = base64.b32decode("".join(secret.split()))
    return totp.code(key, totp.step_at(datetime.now(UTC)))


async def test_the_first_administrator_is_told_the_command(browser: Browser, serve: Serve) -> None:
    with serve() as portal:
        async with opened(browser, portal) as page:
            await page.add_init_script(path=AXE)
            await page.goto("/inbox")
            await expect(page.locator("code")).to_contain_text("portal staff add")
            await check_sound(page)


async def test_an_account_is_made_its_owners_and_used(page: Page, account: NewAccount) -> None:
    await page.goto("/inbox")
    await page.fill("#name", account.name)
    await page.fill("#password", account.first_password)
    await page.get_by_role("button", name="Logga in").click()
    await page.wait_for_url("**/inbox/enrolment")
    code = code_of(await page.locator(".secret").inner_text())
    await page.fill("#totp", code)
    await page.fill("#password", PASSWORD)
    await page.get_by_role("button", name="Spara och fortsätt").click()
    await expect(page.locator(".recovery-codes li")).to_have_count(10)
    codes = await page.locator(".recovery-codes li").all_inner_texts()
    await page.get_by_role("link", name="till inkorgen").click()
    await expect(page.locator("h1")).to_contain_text("Inkorgen")
    await page.get_by_role("button", name="Logga ut").click()

    # Neither the first password nor a code that was used opens it again; a recovery code does.
    for password, second in ((account.first_password, codes[0]), (PASSWORD, code)):
        await page.goto("/inbox/sign-in")
        await page.fill("#name", account.name)
        await page.fill("#password", password)
        await page.fill("#totp", second)
        await page.keyboard.press("Enter")
        await expect(page.locator("#problems")).to_be_visible()
    await page.fill("#password", PASSWORD)
    await page.fill("#totp", codes[1].lower())
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_contain_text("Inkorgen")


async def test_staff_sign_in_and_out_by_keyboard_alone(browser: Browser, office: Running) -> None:
    officer = signed_in(office, "greta")
    async with opened(browser, office) as page:
        await page.goto("/inbox/figures")
        await tab_to(page, page.locator("#name"))
        for text in ("greta", PASSWORD, officer.code()):
            await page.keyboard.type(text)
            await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/inbox/figures")
        sign_out = page.get_by_role("button", name="Logga ut")
        await tab_to(page, sign_out)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/inbox/sign-in")
        await page.goto("/inbox")
        await page.wait_for_url("**/inbox/sign-in?**")


async def test_every_page_on_the_way_is_sound(
    browser: Browser, office: Running, account: NewAccount
) -> None:
    async with opened(browser, office) as page:
        await page.add_init_script(path=AXE)
        await page.goto("/inbox/sign-in")
        await check_sound(page)
        await page.get_by_role("button", name="Logga in").click()
        await expect(page.locator("#problems")).to_be_focused()
        await check_sound(page)
        await page.fill("#name", account.name)
        await page.fill("#password", account.first_password)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/inbox/enrolment")
        await check_sound(page)
        await page.fill("#totp", code_of(await page.locator(".secret").inner_text()))
        await page.fill("#password", PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.locator(".recovery-codes")).to_be_visible()
        await check_sound(page)
        await page.goto("/inbox/sessions")
        await check_sound(page)
        await page.get_by_role("link", name="Byt lösenord eller skaffa nya").click()
        await page.wait_for_url("**/inbox/password")
        await check_sound(page)
        await page.get_by_role("button", name="Byt lösenord").click()
        await expect(page.locator("#problems")).to_be_focused()
        await check_sound(page)
