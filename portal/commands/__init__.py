"""The command line: ``portal serve``, ``check``, ``db``, ``catalogs``, ``messages``.

A command returns 0 when all is well, 1 for a fault, 2 when it was asked for
something that does not exist. What it finds goes to standard output, what went
wrong to standard error.
"""

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from jinja2 import TemplateError
from uvicorn.supervisors import Multiprocess

from portal import __version__
from portal.cases import messages
from portal.i18n import catalogs, languages
from portal.i18n.catalogs import CatalogError
from portal.i18n.languages import NoLanguage
from portal.settings import CHECKOUT, LOCAL_ADDRESS, Settings, SettingsError
from portal.storage.database import Database, Unavailable
from portal.storage.secret_key import open_secret_key
from portal.translators import merging, reports
from portal.translators.preview import Preview, create_preview
from portal.web.app import create_app
from portal.web.edition import LOCALES, build
from portal.web.fast_path import FastPathProtocol
from portal.web.protocol import BoundedProtocol

FAULT = 1
CONNECTIONS = 2000
"""Open at once; more are answered with 503 until some close."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = _parser().parse_args(arguments)
    run: Callable[..., int] = given.run
    try:
        if run is version:
            return run()
        settings = Settings.read()
        _log(settings)
        return run(settings, given)
    except SettingsError as error:
        return _complain("These settings cannot be used:", *error.faults)
    except (CatalogError, TemplateError, NoLanguage) as error:
        return _complain(str(error))
    except Unavailable:
        return _complain("The database cannot be used. Is DATABASE_URL right, and is it running?")


def version() -> int:
    """Say which version this is."""
    print(__version__)
    return 0


def serve(settings: Settings, given: argparse.Namespace) -> int:
    """Serve the portal until it is stopped."""
    if not settings.embedded and (fault := _schema_fault(settings)):
        return _complain(fault)
    if settings.base_url == LOCAL_ADDRESS:
        settings = replace(settings, base_url=f"http://{given.host}:{given.port}")
    config = uvicorn.Config(
        partial(create_app, settings),
        factory=True,
        host=given.host,
        port=given.port,
        workers=given.workers,
        http=FastPathProtocol if settings.fast_path else BoundedProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=10,
        limit_concurrency=CONNECTIONS,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
    )
    logging.getLogger(__name__).info("The portal opens at %s/", settings.base_url)
    server = uvicorn.Server(config)
    if given.workers == 1:
        server.run()
    else:
        Multiprocess(config, [config.bind_socket()]).run()
    return 0 if server.started or given.workers > 1 else FAULT


def check(settings: Settings, given: argparse.Namespace) -> int:
    """Look whether everything that serving needs is in order."""
    edition = build(settings)
    faults = [*edition.faults]
    if not settings.embedded and (fault := _schema_fault(settings)):
        faults.append(fault)
    if faults:
        return _complain(*faults)
    print(
        f"{len(edition.resources)} pages and files in {len(edition.languages)} languages: all well."
    )
    return 0


def db_upgrade(settings: Settings, given: argparse.Namespace) -> int:
    """Bring the database's tables to this version of the portal."""
    open_secret_key(settings)
    with _database(settings) as database:
        database.upgrade()
        print(database.revisions()[0])
    return 0


def db_current(settings: Settings, given: argparse.Namespace) -> int:
    """Say which revision the database has, and which is the newest."""
    with _database(settings) as database:
        current, newest = database.revisions()
    print(f"{current or 'none'} (newest: {newest})")
    return 0


def db_check(settings: Settings, given: argparse.Namespace) -> int:
    """Compare the database's tables with the portal's."""
    if fault := _schema_fault(settings):
        return _complain(fault)
    with _database(settings) as database:
        faults = database.differences()
    return _complain(*faults) if faults else 0


def catalogs_extract(settings: Settings, given: argparse.Namespace) -> int:
    """Write the template of all catalogs."""
    template = merging.extract(CHECKOUT)
    template.save(str(CHECKOUT / "locales" / "portal.pot"))
    print(f"{len(template)} texts")
    return 0


def catalogs_update(settings: Settings, given: argparse.Namespace) -> int:
    """Bring all catalogs in step with the texts."""
    found = languages.discover(CHECKOUT / "locales")
    if given.check:
        late = merging.out_of_step(CHECKOUT, found)
        return (
            _complain(*(f"{path} is not in step with the texts." for path in late)) if late else 0
        )
    for change in merging.update(CHECKOUT, found):
        print(f"{change.tag}: {change.added} new ({change.fuzzy} fuzzy), {change.removed} gone")
    return 0


def catalogs_add(settings: Settings, given: argparse.Namespace) -> int:
    """Begin the catalog of a new language."""
    try:
        path = merging.add(LOCALES, given.language)
    except FileExistsError as error:
        return _complain(f"There is one already: {error}")
    new = languages.language(given.language)
    print(f"{new.name}, {new.direction}, {new.plurals}\n{path}")
    return 0


def catalogs_check(settings: Settings, given: argparse.Namespace) -> int:
    """Say what is wrong with the translations, and what to do about it."""
    found = languages.discover(LOCALES)
    tags = _tags(found, given.language)
    told = reports.faults(LOCALES, [found[tag] for tag in tags], settings, given.interface_language)
    if given.json:
        print(json.dumps([asdict(one) for one in told], ensure_ascii=False, indent=2))
    else:
        print(*map(str, told), reports.verdict(told, given.interface_language), sep="\n\n")
    return FAULT if any(one.level == "error" for one in told) else 0


def catalogs_status(settings: Settings, given: argparse.Namespace) -> int:
    """Say how much of each page is translated, and what the Swedish has changed."""
    found = languages.discover(LOCALES)
    rows = [reports.status(LOCALES, found[tag], settings) for tag in _tags(found, given.language)]
    if given.json:
        print(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=2))
    else:
        print(*map(str, rows), sep="\n\n")
    return 0


def catalogs_preview(settings: Settings, given: argparse.Namespace) -> int:
    """Serve all pages with every text numbered, for translators; or write a list of them."""
    try:
        if given.write:
            given.write.mkdir(parents=True, exist_ok=True)
            listed = Preview(settings, LOCALES).index(linked=False)
            (given.write / "index.html").write_text(listed, "utf-8")
            return 0
        app = create_preview(settings, LOCALES)
    except PermissionError as error:
        return _complain(str(error))
    logging.getLogger(__name__).info("The preview opens at http://127.0.0.1:%s/", given.port)
    uvicorn.run(app, port=given.port, log_config=None, access_log=False)
    return 0


def _tags(found: languages.Languages, wanted: str | None) -> list[str]:
    """The language that was named, or all that are translated.

    Raises:
        NoLanguage: when there is no such language.
    """
    if wanted and wanted not in catalogs.translated(found):
        raise NoLanguage(f"locales/ has no language {wanted}: portal catalogs add {wanted}")
    return [wanted] if wanted else catalogs.translated(found)


def messages_list(settings: Settings, given: argparse.Namespace) -> int:
    """List the newest messages."""
    found = asyncio.run(
        _read(settings, lambda connection: messages.newest(connection, given.count))
    )
    if given.json:
        print(json.dumps([_plain(message) for message in found], ensure_ascii=False, indent=2))
    for message in () if given.json else found:
        first_line = message.text.strip().splitlines()[0]
        print(message.reference, f"{message.received_at:%Y-%m-%d %H:%M}", message.language, end=" ")
        print(first_line[:60])
    return 0


def messages_show(settings: Settings, given: argparse.Namespace) -> int:
    """Show one message, its text exactly as it was sent."""
    message = asyncio.run(
        _read(settings, lambda connection: messages.find_by_reference(connection, given.reference))
    )
    if message is None:
        return _complain(f"No message has the reference {given.reference}.")
    if given.json:
        print(json.dumps(_plain(message), ensure_ascii=False, indent=2))
        return 0
    for name, value in _plain(message).items():
        if name != "text":
            print(f"{name}: {value or ''}")
    print()
    sys.stdout.flush()
    sys.stdout.buffer.write(message.text.encode())
    return 0


async def _read(settings: Settings, look: Callable[[Any], Any]) -> Any:
    database = Database(settings.database_url)
    try:
        async with database.reading() as connection:
            return await look(connection)
    finally:
        await database.stop()


def _plain(message: messages.Message) -> dict[str, Any]:
    """A message as JSON has it; the code that opens its page is nobody else's business."""
    kept = asdict(message) | {"received_at": message.received_at.isoformat()}
    return {name: value for name, value in kept.items() if name != "code"}


def _database(settings: Settings) -> closing[Database]:
    return closing(Database(settings.database_url))


def _schema_fault(settings: Settings) -> str:
    """What is wrong with the database's revision."""
    with _database(settings) as database:
        current, newest = database.revisions()
    if current == newest:
        return ""
    return f"The database is at revision {current or 'none'}, not {newest}: run portal db upgrade."


def _complain(*lines: str) -> int:
    print(*lines, sep="\n", file=sys.stderr)
    return FAULT


class _JsonLines(logging.Formatter):
    """One JSON object a line, for log collectors."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(
            {
                "time": self.formatTime(record),
                "level": record.levelname,
                "logger": record.name,
                "message": record.getMessage(),
            }
        )


def _log(settings: Settings) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(
        _JsonLines()
        if settings.log_format == "json"
        else logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="portal", description="The guardians' portal.")
    commands = parser.add_subparsers(required=True, metavar="command")

    one = _command(commands, "serve", serve)
    one.add_argument("--host", default="127.0.0.1")
    one.add_argument("--port", type=int, default=8000)
    one.add_argument("--workers", type=int, default=1)
    _command(commands, "check", check)
    _command(commands, "version", version)

    group = _group(commands, "db", "the database's tables")
    _command(group, "upgrade", db_upgrade)
    _command(group, "current", db_current)
    _command(group, "check", db_check)

    group = _group(commands, "catalogs", "the translations")
    _command(group, "extract", catalogs_extract)
    one = _command(group, "update", catalogs_update)
    one.add_argument("--check", action="store_true", help="change nothing; 1 if there is a need")
    one = _command(group, "add", catalogs_add)
    one.add_argument("language", help="its tag, such as so, fa or zh-Hant")
    one = _command(group, "check", catalogs_check)
    one.add_argument("language", nargs="?", help="only this one")
    one.add_argument(
        "--in", dest="interface_language", choices=["en", "sv"], default="en", help="the words"
    )
    one.add_argument("--json", action="store_true")
    one = _command(group, "status", catalogs_status)
    one.add_argument("language", nargs="?", help="only this one")
    one.add_argument("--json", action="store_true")

    one = _command(group, "preview", catalogs_preview)
    one.add_argument("--port", type=int, default=8001)
    one.add_argument("--write", type=Path, metavar="DIR", help="write index.html there instead")

    group = _group(commands, "messages", "the messages received")
    one = _command(group, "list", messages_list)
    one.add_argument("--count", type=int, default=20)
    one.add_argument("--json", action="store_true")
    one = _command(group, "show", messages_show)
    one.add_argument("reference")
    one.add_argument("--json", action="store_true")
    return parser


def _group(commands: Any, name: str, about: str) -> Any:
    group = commands.add_parser(name, help=about, description=about)
    return group.add_subparsers(required=True, metavar="command")


def _command(commands: Any, name: str, run: Callable[..., int]) -> argparse.ArgumentParser:
    about = (run.__doc__ or "").partition("\n")[0]
    parser: argparse.ArgumentParser = commands.add_parser(name, help=about, description=about)
    parser.set_defaults(run=run)
    return parser
