"""What translators run.

``check`` says what is wrong with a catalog, ``add`` begins a new one, ``changed``
shows what is new in a Swedish text. ``update`` keeps the catalogs in step with the
texts: it extracts the Swedish texts from templates and code, writes the template
``locales/portal.pot``, and merges it into each language's catalog. What a
translator wrote is never lost: a text whose Swedish has changed a little keeps its
translation, marked fuzzy and with the former Swedish beside it. Files are written
so that a diff shows words and nothing else: no dates, no line numbers, the order
of the pages.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from pathlib import Path

import polib
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg

from portal.i18n.catalogs import CatalogError, glossary, open_file, translated
from portal.i18n.checks import LIMIT, Fault, Key, examine
from portal.i18n.languages import CATALOG, Language, Languages, language

TEMPLATE = "portal.pot"
SIMILAR = 0.6
"""How alike a vanished and a new text must be for the translation to be offered."""


@dataclass(frozen=True)
class Change:
    """What an update did to one catalog."""

    tag: str
    added: int
    fuzzy: int
    removed: int


def check(locales: Path, language: Language) -> Iterator[Fault]:
    """Everything that is wrong with a language's catalog."""
    try:
        file = open_file(locales / language.tag / CATALOG, language)
    except CatalogError as error:
        yield error.fault
        return
    info = file.info(glossary(locales, language.tag))
    for entry in file.entries:
        yield from examine(entry, info)


def changed(former: str, now: str) -> str:
    """What has changed between two texts, word for word.

    >>> changed("Ring oss i dag.", "Ring oss alltid i dag.")
    'Ring oss{+ alltid+} i dag.'
    """
    old, new = (re.findall(r"\s+|\w+|[^\w\s]", text) for text in (former, now))
    said = ""
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = "".join(old[a:b]), "".join(new[c:d])
        if kind == "equal":
            said += gone
        else:
            said += (f"[-{gone}-]" if gone else "") + (f"{{+{come}+}}" if come else "")
    return said


def add(locales: Path, tag: str) -> Path:
    """Begin the catalog of a new language, with its plural rule and every text.

    Raises:
        ValueError: when the tag is none.
        FileExistsError: when there is one.
    """
    path = locales / tag / CATALOG
    new = language(tag)
    if path.exists():
        raise FileExistsError(path)
    begun = polib.POFile(wrapwidth=0)
    begun.metadata = _headers() | {
        "Language-Team": (new.is_known and new.locale.get_display_name("en")) or tag,
        "Language": tag,
        "Plural-Forms": new.plurals,
    }
    template = polib.pofile(str(locales / TEMPLATE), wrapwidth=0)
    path.parent.mkdir(parents=True)
    _, merged = _merge(begun, template, new)
    _write(path, merged)
    return path


def extract(root: Path) -> polib.POFile:
    """The Swedish texts of a checkout, in the order of its files, as a catalog template."""
    with (root / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    template = polib.POFile(wrapwidth=0)
    template.metadata = _headers()
    found: dict[Key, polib.POEntry] = {}
    for _, _, words, comments, context in sorted(
        extract_from_dir(
            root, methods, options, comment_tags=["Translators:"], strip_comment_tags=True
        ),
        key=lambda message: (message[0], message[1]),
    ):
        entry = _entry(words, comments, context)
        known = found.setdefault(_key(entry), entry)
        known.comment = known.comment or entry.comment
        known.msgid_plural = known.msgid_plural or entry.msgid_plural
    template.extend(found.values())
    return template


def update(root: Path, languages: Languages) -> Iterator[Change]:
    """Write the template and bring every catalog in step with it.

    Args:
        root: the checkout.
        languages: whose catalogs to update.

    Yields:
        what changed, a language at a time.
    """
    for path, file, change in _in_step(root, languages):
        _write(path, file)
        if change:
            yield change


def out_of_step(root: Path, languages: Languages) -> list[Path]:
    """The files that an update would write otherwise."""
    return [
        path
        for path, file, _ in _in_step(root, languages)
        if not path.exists() or path.read_text("utf-8") != str(file)
    ]


def _in_step(
    root: Path, languages: Languages
) -> Iterator[tuple[Path, polib.POFile, Change | None]]:
    """Every file as it is to be, the template first."""
    template = extract(root)
    yield root / "locales" / TEMPLATE, template, None
    for tag in translated(languages):
        path = root / "locales" / tag / CATALOG
        change, merged = _merge(polib.pofile(str(path), wrapwidth=0), template, languages[tag])
        yield path, merged, change


def _write(path: Path, file: polib.POFile) -> None:
    path.write_text(str(file), "utf-8", newline="\n")


def _merge(
    former: polib.POFile, template: polib.POFile, language: Language
) -> tuple[Change, polib.POFile]:
    """A catalog in step with the template, and what that changes in it."""
    kept = {_key(entry): entry for entry in former if not entry.obsolete}
    wanted = {_key(entry) for entry in template}
    vanished = {key: entry for key, entry in kept.items() if key not in wanted}
    merged = polib.POFile(wrapwidth=0)
    merged.header, merged.metadata = former.header, former.metadata
    merged.metadata_is_fuzzy = former.metadata_is_fuzzy
    rule = former.metadata.setdefault("Plural-Forms", language.plurals)
    forms = int(rule.partition("nplurals=")[2].partition(";")[0])
    merged.extend(_take_over(entry, kept, vanished, forms) for entry in template)
    new = [entry for entry in merged if _key(entry) not in kept]
    fuzzy = sum(entry.fuzzy for entry in new)
    return Change(language.tag, len(new), fuzzy, len(vanished)), merged


def _take_over(
    source: polib.POEntry,
    kept: dict[Key, polib.POEntry],
    vanished: dict[Key, polib.POEntry],
    forms: int,
) -> polib.POEntry:
    """The template's entry with what the translator wrote for it."""
    entry = polib.POEntry(
        msgid=source.msgid,
        msgid_plural=source.msgid_plural,
        msgstr_plural=dict.fromkeys(range(forms), "") if source.msgid_plural else {},
        msgctxt=source.msgctxt,
        comment=source.comment,
        flags=list(source.flags),
    )
    if former := kept.get(_key(source)):
        entry.previous_msgid = former.previous_msgid
        entry.flags += [flag for flag in former.flags if flag not in entry.flags]
    elif former := _similar(source, vanished):
        entry.previous_msgid = former.msgid
        entry.flags.append("fuzzy")
    if former:
        entry.msgstr, entry.msgstr_plural = (
            former.msgstr,
            entry.msgstr_plural | former.msgstr_plural,
        )
        entry.tcomment = former.tcomment
    return entry


def _similar(source: polib.POEntry, vanished: dict[Key, polib.POEntry]) -> polib.POEntry | None:
    """The translated text that most likely became this one; only texts no longer used count."""
    candidates = {
        entry.msgid: entry
        for entry in vanished.values()
        if entry.translated() and bool(entry.msgid_plural) == bool(source.msgid_plural)
    }
    close = get_close_matches(source.msgid, candidates, n=1, cutoff=SIMILAR)
    return candidates[close[0]] if close else None


def _entry(words: str | tuple[str, ...], comments: list[str], context: str | None) -> polib.POEntry:
    singular, plural = (words, "") if isinstance(words, str) else (words[0], words[1])
    limits = [limit.replace(" ", "") for limit in LIMIT.findall(" ".join(comments))]
    return polib.POEntry(
        msgid=singular,
        msgid_plural=plural,
        msgstr_plural={0: "", 1: ""} if plural else {},
        msgctxt=context,
        comment="\n".join(comments),
        flags=(["python-format"] if "%(" in singular + plural else []) + limits,
    )


def _key(entry: polib.POEntry) -> Key:
    return entry.msgctxt, entry.msgid


def _headers() -> dict[str, str]:
    return {
        "Project-Id-Version": "guardians-portal",
        "Language": "",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
    }
