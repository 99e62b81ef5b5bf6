"""The portal beside a bare server, nginx, Django and starlette-babel: same page, same form.

All servers run at once and are loaded one after the other, round after round, so that
disturbances of the machine hit all of them. The ratios are what counts.
"""

import html
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from bench.load import Figures, Load, measure
from bench.servers import Server, portal, started
from portal.settings import DATA, Settings
from portal.web.edition import build
from portal.web.headers import SECURITY

PAGE = "/sv/kontakt"
BROTLI = ("Accept-Encoding: br",)
EMAIL = "guardian@example.org"
READS = {
    "page": Load(PAGE, 32, BROTLI),
    "304": Load(PAGE, 32, (*BROTLI, "If-None-Match: *")),
}
WRITES = {
    f"{characters} {script}{', with an address' * bool(email)}, {connections} connections": Load(
        PAGE, connections, script=script, characters=characters, email=email
    )
    for script, characters, email, connections in [
        ("sv", 300, "", 1),
        ("sv", 300, "", 64),
        ("sv", 300, EMAIL, 64),
        ("sv", 300, "", 256),
        ("sv", 5000, "", 64),
        ("ar", 5000, "", 64),
    ]
}
READERS = {"nginx", "django cached", "portal, application only"}
"""Servers of which only reads are measured."""

Table = dict[str, dict[str, Figures]]
"""Figures by load and server."""


def run(folder: Path, rounds: int, seconds: float) -> Iterator[str]:
    """Reads of all servers, and writes of those that accept messages."""
    prepare(folder)
    with ExitStack() as stack:
        servers = {}
        for name, (command, environment) in commands(folder).items():
            print(f"» Starting {name}", file=sys.stderr)
            servers[name] = stack.enter_context(started(command, environment, PAGE))
        writers = {name: server for name, server in servers.items() if name not in READERS}
        yield "\n## Reads: one page, 32 connections"
        yield from _rows(measure_all(servers, READS, rounds, seconds))
        yield "\n## Messages: accepted and on the disk"
        yield from _rows(measure_all(writers, WRITES, rounds, seconds))


def measure_all(
    servers: dict[str, Server], loads: dict[str, Load], rounds: int, seconds: float
) -> Table:
    """Put each load on each server in turn, round after round.

    Args:
        servers: that run, by name.
        loads: by name.
        rounds: of which the median is taken.
        seconds: of one measurement.
    """
    table: Table = {}
    for name, load in loads.items():
        samples: dict[str, list[Figures]] = {server: [] for server in servers}
        for number in range(rounds):
            print(f"» {name}: round {number + 1} of {rounds}", file=sys.stderr)
            for server, running in servers.items():
                samples[server].append(measure(running, load, seconds))
        table[name] = {server: medians(figures) for server, figures in samples.items()}
    return table


def medians(rounds: list[Figures]) -> Figures:
    """The median of each figure."""
    return Figures(
        median(figures.cpu for figures in rounds),
        median(figures.rate for figures in rounds),
        median(figures.p99 for figures in rounds),
    )


def commands(folder: Path) -> dict[str, tuple[list[object], dict[str, str]]]:
    """The command and the environment that each server is started with."""
    shared = {"BENCH_FOLDER": str(folder), "BENCH_PAGE": f"{folder}/page.br"}
    python = sys.executable
    uvicorn = [python, "-m", "uvicorn", "--port", "{port}", "--no-access-log", "--no-server-header"]
    gunicorn = [python, "-m", "gunicorn", "-k", "gthread", "--threads", "8", "-b"]
    django = [*gunicorn, "127.0.0.1:{port}", "--keep-alive", "5", "bench.peers.site:application"]
    servers: dict[str, tuple[list[object], dict[str, str]]] = {
        "portal": portal(folder / "own"),
        "portal, application only": portal(folder / "off", PORTAL_FAST_PATH="off"),
        "bare": ([*uvicorn, "bench.peers.bare:app"], shared),
        "starlette-babel": (
            [*uvicorn, "bench.peers.plain:app"],
            shared | {"BENCH_DATABASE": f"sqlite:///{folder}/plain.db"},
        ),
        "django": (list(django), shared | {"BENCH_DATABASE": f"{folder}/django.db"}),
        "django cached": (
            list(django),
            shared | {"BENCH_DATABASE": f"{folder}/cached.db", "BENCH_CACHE": "1"},
        ),
    }
    if nginx := shutil.which("nginx"):
        configuration = folder / "nginx.conf"
        # nginx takes no port on its command line, so a shell writes it into the file.
        fill = f"sed s/PORT/{{port}}/ {configuration} > {configuration}.used"
        serve = f"exec {nginx} -c {configuration}.used -e stderr"
        servers["nginx"] = (["sh", "-c", f"{fill} && {serve}"], {})
    return servers


def prepare(folder: Path) -> None:
    """Write what the peers serve: the compressed page, its templates, compiled catalogs."""
    settings = Settings.read({"DATABASE_URL": f"sqlite:///{folder}/portal.db"})
    page = build(settings).resources.built(PAGE)
    (folder / "page.br").write_bytes(page.bodies["br"])
    texts = _compile_catalogs(folder)
    templates = {
        "page.jinja": ("", '{{{{ _("{}") }}}}'),
        "page.django": ("{% load i18n %}", '{{% translate "{}" %}}'),
    }
    for name, (head, call) in templates.items():
        (folder / name).write_text(head + _template(page.text, texts, call), "utf-8")
    (folder / "nginx.conf").write_text(_nginx(folder))


def _template(page: str, texts: set[str], call: str) -> str:
    """The Swedish page with a call for each of its texts that the catalogs have."""

    def translate(match: re.Match[str]) -> str:
        text = html.unescape(match[1]).strip()
        return f">{call.format(text)}<" if text in texts and '"' not in text else match[0]

    return re.sub(r">([^<>]+)<", translate, page)


def _compile_catalogs(folder: Path) -> set[str]:
    """Compile the catalogs for gettext; gives the texts that they have."""
    texts: set[str] = set()
    for path in (DATA / "locales").glob("*/LC_MESSAGES/portal.po"):
        with path.open("rb") as file:
            catalog = read_po(file)
        texts |= {str(entry.id) for entry in catalog if entry.id and "%" not in str(entry.id)}
        for domain in ("django", "messages"):
            target = folder / "locale" / path.parts[-3] / "LC_MESSAGES" / f"{domain}.mo"
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as file:
                write_mo(file, catalog)
    return texts


def _nginx(folder: Path) -> str:
    headers = "".join(
        f'add_header {name.decode()} "{value.decode()}";\n' for name, value in SECURITY
    )
    return f"""
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; server_tokens off;
  keepalive_requests 100000000; open_file_cache max=100;
  server {{
    listen 127.0.0.1:PORT;
    location = {PAGE} {{
      alias {folder}/page.br; default_type "text/html; charset=utf-8";
      add_header content-encoding br; add_header vary Accept-Encoding;
      add_header cache-control no-cache; add_header content-language sv;
{headers}    }}
  }}
}}
"""


def _rows(table: Table) -> Iterator[str]:
    """The table as Markdown; ``× portal`` is a server's CPU time over the portal's."""
    for load, by_server in table.items():
        own = by_server["portal"].cpu
        yield f"\n### {load}\n"
        yield "| server | µs CPU a request | × portal | requests/s | p99 ms |"
        yield "|---|--:|--:|--:|--:|"
        for server, figures in sorted(by_server.items(), key=lambda item: item[1].cpu):
            cpu = f"{figures.cpu:.1f} | {figures.cpu / own:.2f}"
            yield f"| {server} | {cpu} | {figures.rate:,.0f} | {figures.p99:.1f} |"
