"""``portal``: from arguments to an exit code.

Every module of this package that has ``add_to`` adds its commands, so a new noun is a new
module and changes no other.
"""

import argparse
import json
import logging
from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules

from jinja2 import TemplateError

from portal import __version__, commands
from portal.commands.output import report
from portal.i18n.catalogs import CatalogError
from portal.i18n.languages import NoLanguage
from portal.settings import Settings, SettingsError
from portal.storage.database import Unavailable


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: of the command line, without the program's name.

    Returns:
        the exit code.
    """
    parsed = _parser().parse_args(arguments)
    try:
        if parsed.run is None:
            print(__version__)
            return 0
        settings = Settings.read()
        _configure_logging(settings)
        exit_code: int = parsed.run(settings, parsed)
        return exit_code
    except SettingsError as error:
        return report("These settings cannot be used:", *error.faults)
    except (CatalogError, TemplateError, NoLanguage) as error:
        return report(str(error))
    except Unavailable:
        return report("The database cannot be used. Is DATABASE_URL right, and is it running?")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="portal", description="The guardians' portal.")
    nouns = parser.add_subparsers(required=True, metavar="command")
    for info in iter_modules(commands.__path__):
        module = import_module(f"{commands.__name__}.{info.name}")
        if hasattr(module, "add_to"):
            module.add_to(nouns)
    about = "Say which version this is."
    nouns.add_parser("version", help=about, description=about).set_defaults(run=None)
    return parser


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


def _configure_logging(settings: Settings) -> None:
    handler = logging.StreamHandler()
    if settings.log_format == "json":
        handler.setFormatter(_JsonLines())
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
