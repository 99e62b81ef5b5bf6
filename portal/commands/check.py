"""``portal check``."""

import argparse

from portal.commands.command import Parsers, add_command, read_settings, report
from portal.commands.schema import schema_faults
from portal.i18n.languages import strange_folders
from portal.web.edition import LOCALES, build


def add_to(nouns: Parsers) -> None:
    """Add the command to the parser."""
    add_command(nouns, "check", run)


def run(arguments: argparse.Namespace) -> int:
    """Look whether everything that serving needs is in order."""
    settings = read_settings()
    edition = build(settings)
    faults = [*strange_folders(LOCALES), *edition.faults]
    if not settings.embedded:
        faults += schema_faults(settings)
    if faults:
        return report(*faults)
    resources, languages = len(edition.resources), len(edition.languages)
    print(f"{resources} pages and files in {languages} languages: all well.")
    return 0
