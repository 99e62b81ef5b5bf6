"""``portal serve``: run the server."""

import argparse
import logging
import signal
from dataclasses import replace
from functools import partial

import uvicorn
from uvicorn.supervisors import Multiprocess

from portal.commands.command import (
    FAULT,
    Parsers,
    add_command,
    positive,
    read_settings,
    report,
)
from portal.commands.schema import schema_faults
from portal.settings import LARGEST_PORT, LOCAL_ADDRESS, origin
from portal.web.app import create_app
from portal.web.fast_path import FastPathProtocol
from portal.web.protocol import BoundedProtocol

CONNECTIONS = 2000
"""Most connections at once; further requests get 503."""

FINISH_SECONDS = 10
"""How long requests that are being answered may take when the portal is stopped."""

ONE_WORKER = (
    "PORTAL_METRICS: workers cannot share an address, and each has figures of its own. Start "
    "several portals with one worker and one PORTAL_METRICS address each."
)


def add_to(nouns: Parsers) -> None:
    """Add the command to the parser."""
    parser = add_command(nouns, "serve", run)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=_port, default=8000)
    parser.add_argument("--workers", type=positive, default=1)


def run(arguments: argparse.Namespace) -> int:
    """Serve the portal until it is stopped."""
    if hasattr(signal, "SIGHUP"):
        # Until ``web.reload`` handles it; a start reads all catalogs anyway.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    settings = read_settings()
    # The start upgrades an SQLite database; PostgreSQL is upgraded by portal db upgrade.
    if faults := schema_faults(settings, upgrades_itself=settings.embedded):
        return report(*faults)
    if settings.metrics and arguments.workers > 1:
        return report(ONE_WORKER)
    if settings.base_url == LOCAL_ADDRESS:
        host = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
        try:
            settings = replace(settings, base_url=origin(f"http://{host}:{arguments.port}"))
        except ValueError as fault:
            return report(f"--host: {fault}")
    config = uvicorn.Config(
        partial(create_app, settings),
        factory=True,
        host=arguments.host,
        port=arguments.port,
        workers=arguments.workers,
        http=FastPathProtocol if settings.fast_path else BoundedProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=FINISH_SECONDS,
        limit_concurrency=CONNECTIONS,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
    )
    logging.getLogger(__name__).info("The portal opens at %s/", settings.base_url)
    server = uvicorn.Server(config)
    if arguments.workers == 1:
        server.run()
    else:
        Multiprocess(config, [config.bind_socket()]).run()
    return 0 if server.started or arguments.workers > 1 else FAULT


def _port(text: str) -> int:
    """A valid TCP port."""
    if not text.isdecimal() or not 0 < int(text) <= LARGEST_PORT:
        raise argparse.ArgumentTypeError(f"{text} is not a port between 1 and {LARGEST_PORT}")
    return int(text)
