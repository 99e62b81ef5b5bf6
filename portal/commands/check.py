"""``portal check``."""

import argparse

from portal.commands.db import schema_fault
from portal.commands.output import add_command, report
from portal.i18n.languages import strange_folders
from portal.settings import Settings
from portal.web.edition import LOCALES, build


def add_to(nouns: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the parser."""
    about = "Look whether everything that serving needs is in order."
    add_command(nouns, "check", run, about)


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Look whether everything that serving needs is in order."""
    edition = build(settings)
    faults = [*strange_folders(LOCALES), *edition.faults]
    if not settings.embedded and (fault := schema_fault(settings)):
        faults.append(fault)
    if faults:
        return report(*faults)
    resources, languages = len(edition.resources), len(edition.languages)
    print(f"{resources} pages and files in {languages} languages: all well.")
    return 0
