"""Staff sign in, and nobody else sees the inbox."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlencode
from uuid import uuid4

import httpx2
import pytest

from portal.staff.accounts import RECOVERY_CODES
from portal.staff.admission import FREE_FAILURES
from tests.conftest import Running, Serve
from tests.staff import PASSWORD, Staff, signed_in, staff_visitor
from tests.visitor import Visit, Visitor, checked, parts, words

COOKIE = "inbox"
OTHER_PASSWORD = "en annan mening att minnas"


@pytest.fixture
async def stranger(portal: Running) -> AsyncIterator[Visitor]:
    """A visitor who is not signed in."""
    visitor = staff_visitor(portal)
    yield visitor
    await visitor.client.aclose()


async def sign_in(visitor: Visitor, name: str, totp: str, **fields: str) -> httpx2.Response:
    """Send the form to sign in, with the right password unless it is another field."""
    typed = {"name": name, "password": PASSWORD, "totp": totp, **fields}
    return await visitor.client.post("/inbox/sign-in", files=parts(typed))


def token_of(response: httpx2.Response) -> str:
    """The token of a new session; its cookie must be as safe as it can be without https."""
    pair, *attributes = response.headers["set-cookie"].split("; ")
    assert {*attributes} == {"Path=/", "HttpOnly", "SameSite=Lax"}
    name, _, token = pair.partition("=")
    assert name == COOKIE
    return token


async def test_whoever_is_signed_in_sees_their_sessions(portal: Running) -> None:
    officer = signed_in(portal, "anna")
    async with officer.visitor() as visitor:
        visit = await visitor.get("/inbox/sessions")
    assert "Anna Andersson" in visit.text
    assert visit.response.headers["cache-control"] == "no-store"
    assert visit.response.headers["x-robots-tag"] == "noindex"


async def test_whoever_is_not_is_led_to_the_sign_in(stranger: Visitor) -> None:
    response = await stranger.client.get("/inbox/sessions?a=b")
    assert response.status_code == 303
    address = response.headers["location"]
    assert parse_qs(address.partition("?")[2]) == {"next": ["/inbox/sessions?a=b"]}
    visit = await stranger.get(address)
    assert visit.only("input", name="next").get("value") == "/inbox/sessions?a=b"


async def test_a_link_with_a_space_is_followed_after_the_sign_in(
    portal: Running, stranger: Visitor
) -> None:
    officer = signed_in(portal, "spaces")
    address = (await stranger.client.get("/inbox/ABCD%20EFGH")).headers["location"]
    next_ = (await stranger.get(address)).only("input", name="next").get("value") or ""
    response = await sign_in(stranger, "spaces", officer.code(), next=next_)
    assert response.headers["location"] == "/inbox/ABCD%20EFGH"


async def test_search_engines_are_asked_to_stay_out(stranger: Visitor) -> None:
    assert "Disallow: /inbox\n" in (await stranger.client.get("/robots.txt")).text
    visit = await stranger.get("/inbox/sign-in")
    assert visit.only("meta", name="robots").get("content") == "noindex"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/inbox/figures?veckor=4", "/inbox/figures?veckor=4"),
        ("", "/inbox"),
        ("/inbox/sign-out", "/inbox"),  # no page
        ("/sv/", "/inbox"),
        ("//evil.example/", "/inbox"),
        ("/inboxes", "/inbox"),
        ("/inbox/\\evil.example", "/inbox"),
        ("/inbox/\r\nset-cookie: a=b", "/inbox"),
        ("https://evil.example/inbox", "/inbox"),
    ],
)
async def test_a_sign_in_leads_to_a_page_of_the_inbox_only(
    portal: Running, stranger: Visitor, address: str, expected: str
) -> None:
    officer = signed_in(portal, f"goes-{uuid4().hex}")
    response = await sign_in(stranger, officer.account.name, officer.code(), next=address)
    assert response.status_code == 303
    assert response.headers["location"] == expected
    assert len(token_of(response)) >= 22  # 128 bits and more


async def test_every_refusal_is_the_same_page(portal: Running, stranger: Visitor) -> None:
    officer = signed_in(portal, "refused")
    pages = [
        await sign_in(stranger, "refused", officer.code(), password="fel"),
        await sign_in(stranger, "refused", "000000"),
        await sign_in(stranger, "nobody", officer.code()),
        await sign_in(stranger, "no\0body", officer.code()),
        await sign_in(stranger, "النص", officer.code()),
    ]
    texts = [checked(page, 422).text for page in pages]
    assert "stämmer inte" in texts[0]
    assert {*texts} == {texts[0]}
    assert all(PASSWORD not in page.text for page in pages)


async def test_empty_fields_are_named(stranger: Visitor) -> None:
    visit = checked(await sign_in(stranger, " ", "", password=""), 422)
    assert visit.title.startswith("Fel: ")
    links = [link for link in visit.links() if link in {"#name", "#password"}]
    assert links == ["#name", "#password"]


async def test_whoever_fails_too_often_is_told_how_long_to_wait(
    portal: Running, stranger: Visitor
) -> None:
    officer = signed_in(portal, "guessed")
    for _ in range(FREE_FAILURES):
        assert (await sign_in(stranger, "guessed", "000000")).status_code == 422
    response = await sign_in(stranger, "guessed", officer.code())
    assert "Vänta 1 minut" in checked(response, 429).text
    assert 0 < int(response.headers["retry-after"]) <= 10


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"sec-fetch-site": "none"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "same-origin"}, 303),
        ({"origin": "own"}, 303),
    ],
)
async def test_a_form_must_show_that_it_is_ours(
    portal: Running, headers: dict[str, str], status: int
) -> None:
    officer = signed_in(portal, "anna")
    own = {"cookie": officer.cookie}
    sent = {name: value.replace("own", portal.address) for name, value in headers.items()}
    async with httpx2.AsyncClient(base_url=portal.address) as client:
        response = await client.post("/inbox/sign-out", headers=own | sent)
        assert response.status_code == status
        # What was refused has changed nothing, and a sign-out ends the session on the server.
        page = await client.get("/inbox/sessions", headers=own)
    assert page.status_code == (303 if status == 303 else 200)


async def test_a_sign_out_takes_the_cookie_away(portal: Running) -> None:
    officer = signed_in(portal, "anna")
    async with officer.visitor() as visitor:
        response = await visitor.client.post("/inbox/sign-out")
    assert response.headers["location"] == "/inbox/sign-in"
    assert response.headers["set-cookie"].startswith(f"{COOKIE}=; ")
    assert "Max-Age=0" in response.headers["set-cookie"]


async def test_the_cookie_is_tied_to_its_host_where_the_portal_is_encrypted(
    serve: Serve,
) -> None:
    base = "https://skola.example.se"
    with serve(PORTAL_ENV="production", PORTAL_BASE_URL=base) as portal:
        officer = signed_in(portal, "anna")
        async with officer.visitor() as visitor:
            visitor.client.headers["host"] = "skola.example.se"
            response = await sign_in(visitor, "anna", officer.code())
            cookie = response.headers["set-cookie"]
            assert cookie.startswith("__Host-inbox=")
            attributes = {*cookie.split("; ")[1:]}
            assert attributes == {"Path=/", "HttpOnly", "SameSite=Lax", "Secure"}
            await visitor.get("/inbox/sessions")


async def end_others(officer: Staff, chosen: str) -> str:
    """End sessions on the page that lists them; gives its text afterwards."""
    async with officer.visitor() as visitor:
        response = await visitor.client.post("/inbox/sessions", files=parts({"session": chosen}))
        assert response.status_code == 303
        return (await visitor.get(response.headers["location"])).text


async def test_an_owner_ends_the_session_of_another_browser(portal: Running) -> None:
    first, second, third = (signed_in(portal, "dora") for _ in range(3))
    async with first.visitor() as visitor:
        visit = await visitor.get("/inbox/sessions")
        buttons = [button.get("value", "") for button in visit.all("button", name="session")]
    newest, _, others = buttons
    assert others == "others"
    assert (await end_others(first, newest)).count("Firefox, Linux, inloggad") == 1
    assert "Firefox, Linux, inloggad" not in await end_others(second, "others")
    for ended in (first, third):
        async with ended.visitor() as visitor:
            assert (await visitor.client.get("/inbox/sessions")).status_code == 303


async def test_nothing_typed_is_lost_when_the_session_is_over(
    portal: Running, stranger: Visitor
) -> None:
    officer = signed_in(portal, "ella")
    typed = {"session": "0", "words": "السلام عليكم\r\n & <b>åäö</b>"}
    page = checked(await stranger.client.post("/inbox/sessions", files=parts(typed)), 403)
    assert "Det du skrev finns kvar" in page.text
    carried = {name: page.only("input", name=name).get("value", "") for name in ("next", "typed")}
    assert carried == {"next": "/inbox/sessions", "typed": urlencode(typed)}

    # A failure on the way loses nothing either.
    page = checked(await sign_in(stranger, "ella", "000000", **carried), 422)
    assert page.only("input", name="typed").get("value") == carried["typed"]

    response = await sign_in(stranger, "ella", officer.code(), **carried)
    token = token_of(response)
    assert "Inget har skickats" in response.text
    assert "السلام عليكم" in response.text
    assert "&lt;b&gt;åäö" in response.text
    assert 'action="/inbox/sessions"' in response.text
    async with Staff(portal, officer.account, token, []).visitor() as visitor:
        await visitor.get("/inbox/sessions")


async def change(officer: Staff, status: int, do: str = "password", **fields: str) -> Visit:
    """Send the form of one's own account, and check the page."""
    return checked(await send_change(officer, do, **fields), status)


async def send_change(officer: Staff, do: str = "password", **fields: str) -> httpx2.Response:
    """Send the form of one's own account, with the right password and code unless told."""
    typed = {"present": PASSWORD, "totp": officer.code(), "new": OTHER_PASSWORD, "do": do}
    async with officer.visitor() as visitor:
        response = await visitor.client.post("/inbox/password", files=parts(typed | fields))
    assert PASSWORD not in response.text
    assert OTHER_PASSWORD not in response.text
    return response


async def test_an_owner_changes_the_password_and_is_signed_out_elsewhere(
    portal: Running, stranger: Visitor
) -> None:
    other, officer = signed_in(portal, "frida"), signed_in(portal, "frida")
    response = await send_change(officer)
    assert "Ditt lösenord är bytt." in response.text
    for ended in (other, officer):
        async with ended.visitor() as visitor:
            assert (await visitor.client.get("/inbox/sessions")).status_code == 303
    token = token_of(response)
    own = {"cookie": f"{COOKIE}={token}"}
    assert (await stranger.client.get("/inbox/sessions", headers=own)).status_code == 200
    code = officer.code(1)
    assert (await sign_in(stranger, "frida", code)).status_code == 422
    response = await sign_in(stranger, "frida", code, password=OTHER_PASSWORD)
    assert response.status_code == 303


async def test_an_owner_gets_new_recovery_codes(portal: Running, stranger: Visitor) -> None:
    officer = signed_in(portal, "gerd")
    page = await change(officer, 200, "codes", new="")
    codes = [words(code) for code in page.all("bdi", dir="ltr")]
    assert len({*codes}) == RECOVERY_CODES
    assert (await sign_in(stranger, "gerd", officer.recovery_codes[0])).status_code == 422
    assert (await sign_in(stranger, "gerd", codes[0])).status_code == 303


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"present": "fel"}, "Lösenordet eller koden stämmer inte."),
        ({"totp": "000000"}, "Lösenordet eller koden stämmer inte."),
        ({"new": "kort"}, "Lösenordet måste ha 12–200 tecken."),
        ({"new": "Sommar2026!!"}, "Det lösenordet är lätt att gissa."),
        ({"new": PASSWORD}, "Välj ett annat lösenord än det du har."),
    ],
)
async def test_a_refused_change_says_why_and_changes_nothing(
    portal: Running, stranger: Visitor, fields: dict[str, str], reason: str
) -> None:
    officer = signed_in(portal, f"hilda{uuid4().hex}")
    page = await change(officer, 422, **fields)
    assert reason in page.text
    assert not any(field.get("value") for field in page.all("input", type="password"))
    response = await sign_in(stranger, officer.account.name, officer.code())
    assert response.status_code == 303


async def test_a_stolen_session_cannot_guess_the_password(portal: Running) -> None:
    officer = signed_in(portal, "irma")
    guesses = [{"present": "gissat"}, {"present": "", "new": PASSWORD}] * FREE_FAILURES
    for guess in guesses[:FREE_FAILURES]:
        assert "stämmer inte" in (await change(officer, 422, **guess)).text
    for guess in ({}, {"present": "", "new": PASSWORD}):
        assert "Vänta 1 minut" in (await change(officer, 429, **guess)).text


async def test_no_page_repeats_a_password(portal: Running) -> None:
    officer = signed_in(portal, "jenny")
    await change(officer, 413, filler="x" * 300_000)
    async with officer.visitor() as visitor:
        await visitor.client.post("/inbox/sign-out", files=parts({"do": "sign-out"}))
    await change(officer, 403)
