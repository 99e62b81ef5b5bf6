"""Staff sign in, and nobody else sees the inbox."""

from tests.conftest import Running
from tests.staff import signed_in, staff_visitor


async def test_whoever_is_signed_in_sees_their_sessions(portal: Running) -> None:
    officer = signed_in(portal, "anna")
    async with officer.visitor() as visitor:
        visit = await visitor.get("/inbox/sessions")
    assert "Anna Andersson" in visit.text
    assert visit.response.headers["cache-control"] == "no-store"


async def test_whoever_is_not_is_led_to_the_sign_in(portal: Running) -> None:
    visitor = staff_visitor(portal)
    response = await visitor.client.get("/inbox/sessions")
    assert response.status_code == 303
    assert response.headers["location"] == "/inbox/sign-in?next=%2Finbox%2Fsessions"
    await visitor.get("/inbox/sign-in")
    await visitor.client.aclose()
