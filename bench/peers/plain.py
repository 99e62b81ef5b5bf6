"""Starlette and starlette-babel as usual: render each request, commit each message."""

import os
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from jinja2 import Environment, FileSystemLoader
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette_babel import LocaleMiddleware, get_translator, gettext

FOLDER = Path(os.environ["BENCH_FOLDER"])
LANGUAGES = ["sv", "en", "ar"]

get_translator().load_from_directory(FOLDER / "locale")
pages = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, auto_reload=False)
pages.globals["_"] = gettext
engine = sa.create_engine(os.environ["BENCH_DATABASE"])
messages = sa.Table(
    "messages",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("email", sa.Text),
    sa.Column("text", sa.Text),
)


@sa.event.listens_for(engine, "connect")
def prepare(connection: Any, _: Any) -> None:
    """As durable as the portal: a commit returns when it is on the disk."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}")


@sa.event.listens_for(engine, "begin")
def begin(connection: sa.Connection) -> None:
    """Take the write lock at once, so that no transaction fails after it has read."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def store(text: str, email: str) -> None:
    """Commit each message by itself."""
    with engine.begin() as connection:
        connection.execute(sa.insert(messages), {"text": text, "email": email})


async def contact(request: Request) -> Response:
    """Show the page, or store what was sent from it."""
    if request.method == "POST":
        form = await request.form(max_files=0, max_fields=20)
        text, email = str(form.get("message", "")).strip(), str(form.get("email", ""))
        if 0 < len(text) <= 5000:
            await run_in_threadpool(store, text, email)
            return RedirectResponse("/sv/arende/1", 303)
    return HTMLResponse(pages.get_template("page.jinja").render(tag=request.path_params["tag"]))


def from_path(connection: Any) -> str:
    """The first segment of the path is the language."""
    tag: str = connection.scope["path"].split("/")[1]
    return tag


messages.metadata.create_all(engine)
app = Starlette(
    routes=[Route("/{tag}/kontakt", contact, methods=["GET", "POST"])],
    middleware=[
        Middleware(LocaleMiddleware, locales=LANGUAGES, default_locale="sv", selectors=[from_path])
    ],
)
