"""Update the catalogs after the Swedish texts have changed.

``update`` extracts the Swedish texts from page templates and code, writes them to the catalog
template ``locales/portal.pot`` and merges it into each catalog; ``add`` creates the catalog of a
new language. When a Swedish text changes a little or gains a plural, its translation stays,
marked fuzzy and with the former Swedish text beside it; when it loses its plural, the translation
for the number one stays in the same way. A translation or comment whose Swedish text is gone stays
at the end of the file as obsolete. The portal writes no dates and no line numbers, and keeps the
order of the source files, so that a diff shows nothing but changed texts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

import polib
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg

from portal.i18n.catalogs import clean, open_file, translated
from portal.i18n.checks import LIMIT, Key
from portal.i18n.languages import CATALOG, STAND_INS, Language, Languages, NoLanguage, language

TEMPLATE = "portal.pot"
PLURAL_FORMS = "Plural-Forms"
SIMILAR = 0.6
"""How similar a removed and a new text must be for the translation to be kept as fuzzy."""


@dataclass(frozen=True)
class Change:
    """What an update did to one catalog."""

    tag: str
    added: int
    fuzzy: int
    removed: int


def add(locales: Path, tag: str) -> Path:
    """Create the catalog of a new language, with its plural rule and every text.

    Raises:
        NoLanguage: when the tag is not a language tag, or that of the source.
        FileExistsError: when there is a catalog of this tag, in small or capital letters.
    """
    new = language(tag)
    if new.is_source:
        raise NoLanguage(f"{tag} is the source: its texts are in the templates")
    for path in locales.glob(f"*/{CATALOG}"):
        if path.parts[-3].lower() == tag.lower():
            raise FileExistsError(path)
    path = locales / tag / CATALOG
    has_own_data = new.is_known and tag not in STAND_INS
    begun = polib.POFile(wrapwidth=0)
    begun.metadata = _headers() | {
        "Language-Team": (has_own_data and new.locale.get_display_name("en")) or tag,
        "Language": tag,
        PLURAL_FORMS: new.plural_header,
    }
    template = polib.pofile(str(locales / TEMPLATE), wrapwidth=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    _, merged = _merge(begun, template, new, len(new.plural_examples))
    _write(path, merged)
    return path


def extract(root: Path) -> polib.POFile:
    """The Swedish texts of a checkout, in the order of its files, as a catalog template."""
    with (root / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    template = polib.POFile(wrapwidth=0)
    template.metadata = _headers()
    entries: dict[Key, polib.POEntry] = {}
    messages = extract_from_dir(
        root, methods, options, comment_tags=["Translators:"], strip_comment_tags=True
    )
    for _, _, words, comments, context in sorted(
        messages, key=lambda message: (message[0], message[1])
    ):
        entry = _entry(words, comments, context)
        first = entries.setdefault(_key(entry), entry)
        first.comment = first.comment or entry.comment
        first.msgid_plural = first.msgid_plural or entry.msgid_plural
    template.extend(entries.values())
    return template


def update(root: Path, languages: Languages) -> Iterator[Change]:
    """Write the template and merge it into every catalog.

    Args:
        root: the checkout.
        languages: whose catalogs to update.

    Yields:
        what changed, a language at a time.

    Raises:
        CatalogError: when a catalog is broken; then nothing has been written.
    """
    for path, file, change in list(_merge_all(root, languages)):
        if not _is_equal(path, file):
            _write(path, file)
        if change:
            yield change


def outdated(root: Path, languages: Languages) -> list[Path]:
    """The files that an update would change.

    Raises:
        CatalogError: when a catalog is broken.
    """
    return [path for path, file, _ in _merge_all(root, languages) if not _is_equal(path, file)]


def _is_equal(path: Path, file: polib.POFile) -> bool:
    """Whether a saved file has the same entries and plural rule."""
    if not path.exists():
        return False
    saved = _open(path)
    is_same_rule = saved.metadata.get(PLURAL_FORMS) == file.metadata.get(PLURAL_FORMS)
    return is_same_rule and list(map(_content, saved)) == list(map(_content, file))


def _content(entry: polib.POEntry) -> tuple[object, ...]:
    """Everything about an entry except its layout in the file."""
    return (
        _key(entry),
        entry.msgid_plural,
        entry.msgstr,
        entry.msgstr_plural,
        entry.obsolete,
        entry.comment,
        entry.tcomment,
        entry.previous_msgid,
        entry.previous_msgid_plural,
        {*entry.flags},
    )


def _open(path: Path) -> polib.POFile:
    """A file for merging; its content is cleaned as when the portal reads it."""
    return polib.pofile(clean(path.read_text("utf-8-sig")), wrapwidth=0)


def _merge_all(
    root: Path, languages: Languages
) -> Iterator[tuple[Path, polib.POFile, Change | None]]:
    """Every file as an update leaves it, the template first."""
    template = extract(root)
    yield root / "locales" / TEMPLATE, template, None
    for tag in translated(languages):
        path = root / "locales" / tag / CATALOG
        file = open_file(path, languages[tag])
        change, merged = _merge(
            _open(path), template, languages[tag], file.form_count, int(file.plural_form(1))
        )
        yield path, merged, change


def _write(path: Path, file: polib.POFile) -> None:
    path.write_text(str(file), "utf-8", newline="\n")


def _merge(
    former: polib.POFile,
    template: polib.POFile,
    language: Language,
    forms: int,
    singular: int = 0,
) -> tuple[Change, polib.POFile]:
    """Merge the template into a catalog; gives what has changed, and the new catalog.

    Args:
        former: the catalog.
        template: all Swedish texts.
        language: of the catalog.
        forms: the number of its plural forms.
        singular: the index of the plural form for the number 1.
    """
    current = {_key(entry): entry for entry in former if not entry.obsolete}
    obsolete = {_key(entry): entry for entry in former if entry.obsolete}
    template_keys = {_key(entry) for entry in template}
    vanished = {key: entry for key, entry in current.items() if key not in template_keys}
    merged = polib.POFile(wrapwidth=0)
    merged.header, merged.metadata = former.header, former.metadata
    merged.metadata_is_fuzzy = former.metadata_is_fuzzy
    merged.metadata.setdefault(PLURAL_FORMS, language.plural_header)
    unused = obsolete | vanished
    for source in template:
        entry = _new_entry(source, forms)
        if same := current.get(_key(source)) or unused.pop(_key(source), None):
            _take_over(entry, same, singular)
        elif match := _most_similar(source, unused):
            _take_over(entry, match, singular)
            unused.pop(_key(match))
        merged.append(entry)
    for entry in unused.values():
        if _is_translated(entry) or entry.tcomment:
            entry.obsolete = True
            merged.append(entry)
    new = [entry for entry in merged if not entry.obsolete and _key(entry) not in current]
    fuzzy = sum(entry.fuzzy for entry in new)
    return Change(language.tag, len(new), fuzzy, len(vanished)), merged


def _new_entry(source: polib.POEntry, forms: int) -> polib.POEntry:
    """The template's entry, not translated."""
    return polib.POEntry(
        msgid=source.msgid,
        msgid_plural=source.msgid_plural,
        msgstr_plural=dict.fromkeys(range(forms), "") if source.msgid_plural else {},
        msgctxt=source.msgctxt,
        comment=source.comment,
        flags=list(source.flags),
    )


def _take_over(entry: polib.POEntry, former: polib.POEntry, singular: int) -> None:
    """Copy a translator's work from a former entry to a new one, which is not translated yet.

    The new entry is marked fuzzy unless it has the Swedish text and plural that were translated.

    Args:
        entry: the new entry.
        former: an entry of the same or a similar text, with or without a plural.
        singular: the index of the plural form for the number 1.
    """
    if bool(entry.msgid_plural) == bool(former.msgid_plural):
        entry.msgstr = former.msgstr
        entry.msgstr_plural = entry.msgstr_plural | former.msgstr_plural
    elif entry.msgid_plural:
        entry.msgstr_plural = dict.fromkeys(entry.msgstr_plural, former.msgstr)
    else:
        entry.msgstr = former.msgstr_plural.get(singular, "")
    entry.tcomment = former.tcomment
    # The template alone decides how long a text may be.
    own = [flag for flag in former.flags if not LIMIT.fullmatch(flag) and flag != "fuzzy"]
    entry.flags += [flag for flag in own if flag not in entry.flags]
    if (entry.msgid, entry.msgid_plural) == (former.msgid, former.msgid_plural):
        entry.previous_msgid = former.previous_msgid
        entry.previous_msgid_plural = former.previous_msgid_plural
        is_fuzzy = former.fuzzy
    else:
        text, plural = former.msgid, former.msgid_plural
        if former.fuzzy and former.previous_msgid:
            text, plural = former.previous_msgid, former.previous_msgid_plural or ""
        is_fuzzy = _is_translated(entry) and (text, plural) != (entry.msgid, entry.msgid_plural)
        if is_fuzzy:
            entry.previous_msgid, entry.previous_msgid_plural = text, plural or None
    if is_fuzzy:
        entry.flags.append("fuzzy")


def _is_translated(entry: polib.POEntry) -> bool:
    """Whether an entry has a translation, of some of its plural forms at least."""
    return bool(entry.msgstr or any(entry.msgstr_plural.values()))


def _most_similar(source: polib.POEntry, unused: dict[Key, polib.POEntry]) -> polib.POEntry | None:
    """The entry most similar to a new text, among translated ones whose text is gone."""
    best, likeness = None, SIMILAR
    matcher = SequenceMatcher(None, autojunk=False)
    matcher.set_seq2(source.msgid)
    for entry in unused.values():
        if bool(entry.msgid_plural) != bool(source.msgid_plural):
            continue
        if not (entry.msgstr or (all(entry.msgstr_plural.values()) and entry.msgstr_plural)):
            continue
        for former in filter(None, (entry.previous_msgid, entry.msgid)):
            matcher.set_seq1(former)
            if matcher.real_quick_ratio() >= likeness and matcher.quick_ratio() >= likeness:
                ratio = matcher.ratio()
                if ratio > likeness or (best is None and ratio >= likeness):
                    best, likeness = entry, ratio
    return best


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
