"""``portal catalogs``: the translations."""

import argparse
import logging
from dataclasses import asdict
from pathlib import Path

import uvicorn

from portal.commands.command import (
    FAULT,
    Parsers,
    add_command,
    add_group,
    print_json,
    read_settings,
    report,
)
from portal.i18n import catalogs
from portal.i18n.languages import Languages, NoLanguage, discover, language, strange_folders
from portal.i18n.templates import LOCALES
from portal.settings import CHECKOUT
from portal.translators import merging, reports
from portal.translators.preview import Preview, create_preview

UNKNOWN_LANGUAGE = """\
CLDR lacks this language. Its plural rule, dates and numbers are those of Swedish, and its name may
be Swedish, too: "a language" in docs/house.md says how to give it a name and a related language."""


def add_to(nouns: Parsers) -> None:
    """Add the commands to the parser."""
    group = add_group(nouns, "catalogs", "the translations")
    add_command(group, "extract", extract)
    parser = add_command(group, "update", update)
    parser.add_argument(
        "--check", action="store_true", help="change nothing; exit with 1 if an update is needed"
    )
    parser = add_command(group, "add", add)
    parser.add_argument("language", help="the language tag, such as so, fa or zh-Hant")
    parser = add_command(group, "check", check)
    parser.add_argument("language", nargs="?", help="a language tag; all languages if left out")
    parser.add_argument(
        "--in",
        dest="interface_language",
        choices=["en", "sv"],
        default="en",
        help="the language of the report",
    )
    parser.add_argument("--json", action="store_true")
    parser = add_command(group, "status", status)
    parser.add_argument("language", nargs="?", help="a language tag; all languages if left out")
    parser.add_argument("--json", action="store_true")
    parser = add_command(group, "preview", preview)
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument(
        "--write",
        type=Path,
        metavar="DIR",
        help="write a list of all texts to DIR/index.html; do not serve",
    )


def extract(arguments: argparse.Namespace) -> int:
    """Extract the Swedish texts into locales/portal.pot."""
    template = merging.extract(CHECKOUT)
    template.save(str(CHECKOUT / "locales" / merging.TEMPLATE))
    print(f"{len(template)} texts")
    return 0


def update(arguments: argparse.Namespace) -> int:
    """Extract the Swedish texts and merge them into all catalogs."""
    languages = discover(CHECKOUT / "locales")
    if arguments.check:
        late = merging.outdated(CHECKOUT, languages)
        return report(*(f"{path} needs portal catalogs update." for path in late))
    for change in merging.update(CHECKOUT, languages):
        print(f"{change.tag}: {change.added} new ({change.fuzzy} fuzzy), {change.removed} gone")
    return 0


def add(arguments: argparse.Namespace) -> int:
    """Create the catalog of a new language."""
    try:
        path = merging.add(LOCALES, arguments.language)
    except FileExistsError as error:
        return report(f"The language has a catalog already: {error}")
    new = language(arguments.language)
    print(f"{new.name}, {new.direction}, {new.plural_header}\n{path}")
    if not new.is_known:
        print(UNKNOWN_LANGUAGE)
    return 0


def check(arguments: argparse.Namespace) -> int:
    """Report what is wrong with the translations, and how to correct it."""
    settings, languages = read_settings(), discover(LOCALES)
    chosen = [languages[tag] for tag in _tags(languages, arguments.language)]
    findings = reports.faults(LOCALES, chosen, settings, arguments.interface_language)
    if arguments.json:
        print_json([asdict(finding) for finding in findings])
    else:
        verdict = reports.verdict(findings, arguments.interface_language)
        print(*map(str, findings), verdict, sep="\n\n")
    strange = [] if arguments.language else strange_folders(LOCALES)
    report(*strange)
    return FAULT if strange or any(finding.level == "error" for finding in findings) else 0


def status(arguments: argparse.Namespace) -> int:
    """Report how much of each page is translated, and which Swedish texts have changed."""
    settings, languages = read_settings(), discover(LOCALES)
    tags = _tags(languages, arguments.language)
    rows = [reports.status(LOCALES, languages[tag], settings) for tag in tags]
    if arguments.json:
        print_json([asdict(row) for row in rows])
    else:
        print(*map(str, rows), sep="\n\n")
    return 0


def preview(arguments: argparse.Namespace) -> int:
    """Serve a preview of all pages for translators, with every text numbered."""
    settings = read_settings()
    try:
        if arguments.write:
            arguments.write.mkdir(parents=True, exist_ok=True)
            index = Preview(settings, LOCALES).index(linked=False)
            (arguments.write / "index.html").write_text(index, "utf-8")
            return 0
        app = create_preview(settings, LOCALES)
    except PermissionError as error:
        return report(str(error))
    address = f"http://127.0.0.1:{arguments.port}/"
    logging.getLogger(__name__).info("The preview opens at %s", address)
    uvicorn.run(app, port=arguments.port, log_config=None, access_log=False)
    return 0


def _tags(languages: Languages, tag: str | None) -> list[str]:
    """The tag that was named, or those of all translated languages.

    Raises:
        NoLanguage: when there is no such language.
    """
    translated = catalogs.translated(languages)
    if tag and tag not in translated:
        for line in strange_folders(LOCALES):
            if f"/{tag}/" in line:
                raise NoLanguage(line)
        raise NoLanguage(f"locales/ has no language {tag}: portal catalogs add {tag}")
    return [tag] if tag else translated
