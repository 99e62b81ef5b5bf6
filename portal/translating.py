"""What translators run.

``update`` keeps the catalogs in step with the texts: it extracts the Swedish
texts from templates and code, writes the template ``locales/portal.pot``, and
merges it into each language's catalog. What a translator wrote is never lost: a
text whose Swedish has changed a little keeps its translation, marked fuzzy and
with the former Swedish beside it. Files are written so that a diff shows words
and nothing else: no dates, no line numbers, the order of the pages.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import polib
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg

from portal.languages import CATALOG, Languages

SIMILAR = 0.6
"""How alike a vanished and a new text must be for the translation to be offered."""

Key = tuple[str | None, str]


@dataclass(frozen=True)
class Change:
    """What an update did to one catalog."""

    tag: str
    added: int
    fuzzy: int
    removed: int


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
    template = extract(root)
    template.save(str(root / "locales" / "portal.pot"))
    for tag, language in languages.items():
        if not language.is_source:
            yield _merge(root / "locales" / tag / CATALOG, template, tag)


def _merge(path: Path, template: polib.POFile, tag: str) -> Change:
    former = polib.pofile(str(path), wrapwidth=0)
    kept = {_key(entry): entry for entry in former if not entry.obsolete}
    wanted = {_key(entry) for entry in template}
    vanished = {key: entry for key, entry in kept.items() if key not in wanted}
    merged = polib.POFile(wrapwidth=0)
    merged.header, merged.metadata = former.header, former.metadata
    merged.metadata_is_fuzzy = former.metadata_is_fuzzy
    forms = int(former.metadata["Plural-Forms"].partition("nplurals=")[2].partition(";")[0])
    merged.extend(_take_over(entry, kept, vanished, forms) for entry in template)
    merged.save(str(path))
    new = [entry for entry in merged if _key(entry) not in kept]
    return Change(tag, len(new), sum(entry.fuzzy for entry in new), len(vanished))


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
    return polib.POEntry(
        msgid=singular,
        msgid_plural=plural,
        msgstr_plural={0: "", 1: ""} if plural else {},
        msgctxt=context,
        comment="\n".join(comments),
        flags=["python-format"] if "%(" in singular + plural else [],
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
