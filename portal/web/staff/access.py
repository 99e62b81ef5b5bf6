"""Who is signed in, and how a page of staff is made.

Every route below ``/inbox`` except the sign-in is a ``StaffRoute``: its endpoint runs only
for people who are signed in, and finds them in ``request.state.account``. The guard has made
sure before that a form was sent by a page of ours.

Nothing typed is lost when a session is over or the database cannot be used: the page that says
so carries all fields of the form except passwords and codes, and leads back to it.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from starlette.exceptions import HTTPException
from starlette.types import Scope

from portal.settings import Settings
from portal.staff import accounts, sessions
from portal.staff.accounts import Account
from portal.storage.database import Unavailable
from portal.web import form_data
from portal.web.headers import NO_STORE
from portal.web.public.pages import HTML
from portal.web.requests import Endpoint, Request, ResourceRoute
from portal.web.resources import FAST_QUALITY, Resource, redirect, resource

NEXT_LIMIT = 1000
"""Characters of an address to which the sign-in leads; proxies refuse a much longer Location."""
INBOX = "/inbox"
SIGN_IN = f"{INBOX}/sign-in"
ENROLMENT = f"{INBOX}/enrolment"
SECRET_FIELDS = frozenset({"password", "present", "new", "totp"})
"""Fields by which people prove who they are: no page repeats them."""


class StaffRoute(ResourceRoute):
    """A route for people who are signed in.

    Args:
        path: below ``/inbox``.
        endpoint: makes the response; ``request.state`` has ``account``, ``session`` and
            ``typed``.
        methods: GET includes HEAD.
        roles: those that may use it; all where left out.
        shows_typed: whether a GET fills its form from ``request.state.typed``, which has content
            only after a sign-in that interrupted a form.
    """

    def __init__(
        self,
        path: str,
        endpoint: Endpoint,
        methods: Collection[str] = ("GET",),
        roles: Collection[str] = accounts.ROLES,
        shows_typed: bool = False,
    ) -> None:
        async def respond(request: Request) -> Resource:
            if refusal := await _refused(request, roles):
                return refusal
            return await endpoint(request)

        super().__init__(path, keeping_typed(respond), methods)
        self.make = respond
        self.shows_typed = shows_typed


def keeping_typed(endpoint: Endpoint) -> Endpoint:
    """An endpoint that keeps what was typed where the database fails."""

    async def respond(request: Request) -> Resource:
        if not hasattr(request.state, "typed"):
            request.state.typed = {}
        try:
            return await endpoint(request)
        except Unavailable:
            fields = await request.fields() if request.method == "POST" else {}
            path = request.scope["path"]
            return typed_page(request, path, fields, "unavailable", status=503)

    return respond


async def _refused(request: Request, roles: Collection[str]) -> Resource | None:
    """The response to a person who may not use a route; None for one who may.

    Raises:
        HTTPException: 403 for another role.
    """
    account = await _recognised(request)
    path = quote(request.scope["path"])
    if account is None:
        if request.method != "POST":
            query = request.scope["query_string"].decode("latin-1")
            target = f"{path}?{query}" if query else path
            target = target if len(target) <= NEXT_LIMIT else INBOX
            return redirect(f"{SIGN_IN}?{urlencode({'next': target})}", 303)
        typed = urlencode(_repeatable(await request.fields()))
        return sign_in_page(request, next_=path, typed=typed, reason="over", status=403)
    if account.enrolled_at is None and path != ENROLMENT:
        return redirect(ENROLMENT, 303)
    if account.role not in roles:
        raise HTTPException(403)
    return None


async def _recognised(request: Request) -> Account | None:
    """The account of the session in a request's cookie; None without one. Prolongs the session."""
    request.state.account = request.state.session = None
    token = request.cookies.get(cookie_name(request.settings))
    if not token:
        return None
    now, database = datetime.now(UTC), request.database
    match = await database.read(lambda c: sessions.find(c, token, now))
    if match is None:
        return None
    session, account = match
    if now - session.seen_at > sessions.SEEN_EVERY:
        await database.write(lambda c: sessions.keep_alive(c, session.id, now))
    request.state.account, request.state.session = account, session
    return account


def staff_page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    headers: Iterable[tuple[str, str]] = (),
    **values: Any,
) -> Resource:
    """A page of staff, in Swedish: stored by no cache, listed by no search engine.

    Args:
        request: whose page it is.
        template: in ``templates/staff``.
        status: the HTTP status.
        headers: further headers.
        values: what the template shows besides ``account`` and ``path``.
    """
    renderers = request.edition.renderers
    renderer = renderers(renderers.languages.source)
    frame = {
        "account": getattr(request.state, "account", None),
        "path": request.scope["path"],
        "problems": (),
    }
    return resource(
        renderer.render(f"staff/{template}", **{**frame, **values}).html,
        HTML,
        status=status,
        cache=NO_STORE,
        headers=[
            ("content-language", renderer.language.tag),
            ("x-robots-tag", "noindex"),
            *headers,
        ],
        quality=FAST_QUALITY,
    )


def sign_in_page(
    request: Request,
    *,
    next_: str,
    typed: str = "",
    name: str = "",
    reason: str = "",
    has_accounts: bool = True,
    **values: Any,
) -> Resource:
    """The page to sign in.

    Args:
        request: of a person who is not signed in.
        next_: the address that is shown after signing in.
        typed: the fields of a form that was sent after the session had ended, URL-encoded.
        name: of the account, as far as it was typed.
        reason: why the page is shown; its words are in the template.
        has_accounts: whether anybody can sign in.
        values: as ``staff_page`` takes them.
    """
    request.state.account = None
    return staff_page(
        request,
        "sign_in.html",
        next=next_,
        typed=typed,
        name=name,
        reason=reason,
        has_accounts=has_accounts,
        **values,
    )


def typed_page(
    request: Request, target: str, fields: Mapping[str, str], reason: str, status: int = 200
) -> Resource:
    """The page that shows what was typed into a form, and from which it can be sent again.

    Args:
        request: that sent it.
        target: the address that the form is sent to.
        fields: all that was typed, by name.
        reason: why it was not accepted; its words are in the template.
        status: the HTTP status.
    """
    return staff_page(
        request,
        "typed.html",
        status=status,
        target=quote(target),
        fields=_repeatable(fields),
        reason=reason,
    )


def _repeatable(fields: Mapping[str, str]) -> dict[str, str]:
    """The fields of a form that another page may carry along."""
    return {name: value for name, value in fields.items() if name not in SECRET_FIELDS}


async def show_again(
    status: int, scope: Scope, read: Callable[[], Awaitable[bytes | None]]
) -> Resource | None:
    """What was typed into a form of staff, where it was too large or something broke.

    Forms that another site's page may have sent do not come here: the guard refuses them first.

    Args:
        status: with which the request is refused.
        scope: of the request.
        read: gives the body, or None where it cannot be had.

    Returns:
        None where it was no such form, or its body cannot be had.

    Raises:
        HTTPException: 415 when the body is no form.
    """
    path, reason = scope["path"], {413: "too-large", 500: "broken"}.get(status)
    is_sent = scope["method"] == "POST" and path.startswith(f"{INBOX}/")
    if not is_sent or reason is None or (body := await read()) is None:
        return None
    request = Request(scope)
    fields = form_data.parse(request.content_type, body).fields
    return typed_page(request, path, fields, reason, status)


def cookie_name(settings: Settings) -> str:
    """The name of the session's cookie; ``__Host-`` ties it to this host and to https."""
    return "__Host-inbox" if _is_encrypted(settings) else "inbox"


def session_cookie(settings: Settings, token: str) -> tuple[str, str]:
    """The header that gives a browser its session; an empty token removes it.

    Lax, not Strict: people who follow a link in a letter stay signed in. Officers change cases by
    POST, which the guard accepts only from our own pages.
    """
    attributes = ["Path=/", "HttpOnly", "SameSite=Lax"]
    attributes += ["Secure"] if _is_encrypted(settings) else []
    attributes += [] if token else ["Max-Age=0"]
    return "set-cookie", "; ".join([f"{cookie_name(settings)}={token}", *attributes])


def _is_encrypted(settings: Settings) -> bool:
    return settings.base_url.startswith("https://")
