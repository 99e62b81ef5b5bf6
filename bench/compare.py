"""The portal compared with a bare server, nginx, Django and starlette-babel: same page, same form.

All run at once and are loaded in turn, round after round, so that other load on the
machine affects all of them alike. Compare the ratios, not the absolute figures.
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
PLAIN = ("Accept-Encoding: br",)
READS = {
    "page": Load(PAGE, 32, PLAIN),
    "304": Load(PAGE, 32, (*PLAIN, "If-None-Match: *")),
}
WRITES = {
    f"{characters} {script}, {connections} connections": Load(
        PAGE, connections, (), script, characters
    )
    for script, characters, connections in [
        ("sv", 300, 1),
        ("sv", 300, 64),
        ("sv", 300, 256),
        ("sv", 5000, 64),
        ("ar", 5000, 64),
    ]
}
Table = dict[str, dict[str, Figures]]


def compare(folder: Path, rounds: int, seconds: float) -> tuple[Table, Table]:
    """Measure reads of all servers, and writes of those that accept messages."""
    prepare(folder)
    with ExitStack() as stack:
        running = {}
        for name, (command, environment) in servers(folder).items():
            print(f"» Starting {name}", file=sys.stderr)
            running[name] = stack.enter_context(started(command, environment, PAGE))
        writers = {name: server for name, server in running.items() if name not in _READERS}
        reads = _measured(running, READS, rounds, seconds)
        return reads, _measured(writers, WRITES, rounds, seconds)


_READERS = {"nginx", "django cached", "portal, application only"}


def _measured(
    running: dict[str, Server], loads: dict[str, Load], rounds: int, seconds: float
) -> Table:
    table: Table = {}
    for title, load in loads.items():
        rounds_by_name: dict[str, list[Figures]] = {name: [] for name in running}
        for number in range(rounds):
            print(f"» {title}: round {number + 1} of {rounds}", file=sys.stderr)
            for name, server in running.items():
                rounds_by_name[name].append(measure(server, load, seconds))
        table[title] = {name: middle(figures) for name, figures in rounds_by_name.items()}
    return table


def middle(rounds: list[Figures]) -> Figures:
    """The median of each figure over some rounds."""
    return Figures(
        median(figures.cpu for figures in rounds),
        median(figures.rate for figures in rounds),
        median(figures.p99 for figures in rounds),
    )


def servers(folder: Path) -> dict[str, tuple[list[object], dict[str, str]]]:
    """The command that starts each server, and its environment."""
    environment = {"BENCH_FOLDER": str(folder), "BENCH_PAGE": f"{folder}/page.br"}
    python = sys.executable
    uvicorn = [python, "-m", "uvicorn", "--port", "{port}", "--no-access-log", "--no-server-header"]
    gunicorn = [python, "-m", "gunicorn", "-k", "gthread", "--threads", "8", "-b"]
    django = [*gunicorn, "127.0.0.1:{port}", "--keep-alive", "5", "bench.peers.site:application"]
    for name in ("own", "off"):
        (folder / name).mkdir(exist_ok=True)
    commands: dict[str, tuple[list[object], dict[str, str]]] = {
        "portal": portal(folder / "own"),
        "portal, application only": portal(folder / "off", PORTAL_FAST_PATH="off"),
        "bare": ([*uvicorn, "bench.peers.bare:app"], environment),
        "starlette-babel": (
            [*uvicorn, "bench.peers.plain:app"],
            environment | {"BENCH_DATABASE": f"sqlite:///{folder}/plain.db"},
        ),
        "django": (list(django), environment | {"BENCH_DATABASE": f"{folder}/django.db"}),
        "django cached": (
            list(django),
            environment | {"BENCH_DATABASE": f"{folder}/cached.db", "BENCH_CACHE": "1"},
        ),
    }
    if nginx := shutil.which("nginx"):
        configuration = folder / "nginx.conf"
        # nginx takes no port on its command line, so a shell writes it into the configuration.
        fill = f"sed s/PORT/{{port}}/ {configuration} > {configuration}.used"
        serve = f"exec {nginx} -c {configuration}.used -e stderr"
        commands["nginx"] = (["sh", "-c", f"{fill} && {serve}"], {})
    return commands


def prepare(folder: Path) -> None:
    """Write the compressed page, templates of it for the other servers, and compiled catalogs."""
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
    """The Swedish page, with a call in place of each text that the catalogs have."""

    def translated(match: re.Match[str]) -> str:
        text = html.unescape(match[1]).strip()
        return f">{call.format(text)}<" if text in texts and '"' not in text else match[0]

    return re.sub(r">([^<>]+)<", translated, page)


def _compile_catalogs(folder: Path) -> set[str]:
    """Compile the catalogs for gettext, and return the texts that they have."""
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


def rows(table: Table) -> Iterator[str]:
    """The tables as Markdown, with the CPU time of each server as a multiple of the portal's."""
    for title, by_name in table.items():
        own = by_name["portal"].cpu
        yield f"\n### {title}\n"
        yield "| server | µs CPU a request | × portal | requests/s | p99 ms |"
        yield "|---|--:|--:|--:|--:|"
        for name, figures in sorted(by_name.items(), key=lambda item: item[1].cpu):
            cpu, rate, p99 = figures.cpu, figures.rate, figures.p99
            yield f"| {name} | {cpu:.1f} | {cpu / own:.2f} | {rate:,.0f} | {p99:.1f} |"
