"""What can be wrong with a translation, and what to do about it.

Each check looks at a form of an entry and knows nothing of files or pages. An error
would damage the page or mislead its reader, so the entry is not published (see
``catalogs.read``). A warning is a question to the translator, who can silence it with the
flag ``ignore-<name of the check>``.

``CHECKS`` at the end has everything about a check: its name, whether it stops publication,
the function that looks for it, and its explanation in English and in Swedish. After it come
the faults of whole files, which ``catalogs`` finds.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from portal.i18n.languages import STAND_INS, Language
from portal.i18n.plurals import Rule, used_forms

PLACEHOLDER = re.compile(r"%%|%\((\w+)\)[sd]")
"""All that is special in a text: the placeholder of a named value, and ``%%`` for ``%``."""

PluralForms = tuple[str, ...]
Key = tuple[str | None, str]
"""Context and msgid."""
Details = tuple[str, ...]
"""The values for the explanation of a fault, in order; an empty tuple means that there is no
fault."""


@dataclass(frozen=True)
class CatalogEntry:
    """An entry of a ``.po`` file."""

    line: int
    context: str | None
    sources: PluralForms
    """The Swedish text: the singular, and the plural if there is one."""
    forms: PluralForms
    """The translation: one text, or one for each plural form; empty where there is none."""
    is_fuzzy: bool = False
    flags: frozenset[str] = frozenset()
    comment: str = ""
    """The comment on the Swedish text, for translators."""
    note: str = ""
    """The translator's own comment."""
    previous: str = ""
    """The Swedish text that a fuzzy translation belongs to."""

    @property
    def key(self) -> Key:
        """The context and the Swedish singular, which identify the entry."""
        return self.context, self.sources[0]

    @property
    def state(self) -> str:
        """``translated``, ``fuzzy`` or ``missing``."""
        if not any(self.forms):
            return "missing"
        return "fuzzy" if self.is_fuzzy else "translated"


@dataclass(frozen=True)
class CatalogInfo:
    """What a check must know about the catalog of an entry."""

    language: Language
    form_count: int
    """The number of plural forms."""
    glossary: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The accepted translations of each Swedish word."""
    rule: Rule | None = None
    """The catalog's plural rule."""


@dataclass(frozen=True)
class Explanation:
    """A fault and its remedy, with placeholders for details."""

    fault: str
    remedy: str


@dataclass(frozen=True)
class Check:
    """A kind of fault, how it is found, and how it is explained."""

    name: str
    is_error: bool
    """Whether a text with it is shown in Swedish instead, or a file with it is refused."""
    find: Callable[[CatalogEntry, str, CatalogInfo], Details]
    en: Explanation
    sv: Explanation


@dataclass(frozen=True)
class Fault:
    """Something that is wrong with an entry, or with a whole file."""

    check: Check
    line: int
    context: str | None
    source: str
    text: str
    """The translation."""
    details: Details

    def explain(self, interface_language: str = "en") -> Explanation:
        """The fault and its remedy, in English or Swedish."""
        words = self.check.sv if interface_language == "sv" else self.check.en
        return Explanation(words.fault.format(*self.details), words.remedy.format(*self.details))


def examine(
    entry: CatalogEntry, info: CatalogInfo, *, errors_only: bool = False
) -> Iterator[Fault]:
    """The faults of an entry, at most one of each check; none if it is untranslated or fuzzy.

    Args:
        entry: the entry.
        info: about its catalog.
        errors_only: leave out warnings.
    """
    if entry.state != "translated" or (errors_only and _is_plain(entry)):
        return
    for check in ERRORS if errors_only else CHECKS:
        if not check.is_error and f"ignore-{check.name}" in entry.flags:
            continue
        for form in entry.forms:
            if (form or check.is_error) and (details := check.find(entry, form, info)):
                yield Fault(check, entry.line, *entry.key, form, details)
                break


_CHARACTERS_OF_ERRORS = re.compile(r"[%<&@\d\u202a-\u202e\u2066-\u2069]|://|www\.")


def _is_plain(entry: CatalogEntry) -> bool:
    """Whether an entry cannot have an error: one form, without the characters that errors contain.

    It saves time: every start checks all entries, and most are plain.
    """
    if len(entry.sources) > 1 or len(entry.forms) > 1 or not entry.forms[0][:1].isalpha():
        return False
    return not any(map(_CHARACTERS_OF_ERRORS.search, (entry.sources[0], entry.forms[0])))


def placeholders(text: str) -> set[str]:
    """The names of the values in a text."""
    return {match[1] for match in PLACEHOLDER.finditer(text) if match[1]}


def _of_whole_file(entry: CatalogEntry, form: str, info: CatalogInfo) -> Details:
    """Find nothing: faults of a whole file are found by ``catalogs``."""
    return ()


def _expected_placeholders(entry: CatalogEntry) -> set[str]:
    return {name for source in entry.sources for name in placeholders(source)}


def _as_placeholders(names: set[str]) -> str:
    return ", ".join(f"%({name})s" for name in sorted(names))


def _without_values(text: str, instead: str = " ") -> str:
    return PLACEHOLDER.sub(instead, text)


def _missing_forms(entry: CatalogEntry, form: str, info: CatalogInfo) -> Details:
    used = used_forms(info.rule) if info.rule else range(info.form_count)
    is_filled = all(form < len(entry.forms) and entry.forms[form] for form in used)
    if len(entry.sources) == 1 or is_filled:
        return ()
    examples = enumerate(info.language.plural_examples)
    return str(info.form_count), "; ".join(f"msgstr[{i}]: {n}" for i, (_, n) in examples)


def _nothing_visible(entry: CatalogEntry, form: str, info: CatalogInfo) -> Details:
    if not form or placeholders(form) or not any(map(str.isalpha, entry.sources[0])):
        return ()
    if any(unicodedata.category(character)[0] in "LNPS" for character in form):
        return ()
    return (", ".join(_named(character) for character in form[:3]),)


def _unknown_values(entry: CatalogEntry, form: str, info: CatalogInfo) -> Details:
    expected = _expected_placeholders(entry)
    if not (unknown := placeholders(form) - expected):
        return ()
    close = {match for name in unknown for match in get_close_matches(name, expected, n=1)}
    return ", ".join(sorted(unknown)), _as_placeholders(close or expected) or "–"


def _lost_values(entry: CatalogEntry, form: str, info: CatalogInfo) -> Details:
    lost = _expected_placeholders(entry) - placeholders(form) if form else set()
    if "num" in lost and len(entry.sources) > 1 and _is_for_one_number(entry, form, info):
        lost -= {"num"}
    return (", ".join(sorted(lost)), _as_placeholders(lost)) if lost else ()


def _is_for_one_number(entry: CatalogEntry, form: str, info: CatalogInfo) -> bool:
    """Whether a plural form is used for a single number, which it may say in words."""
    counts = used_forms(info.rule) if info.rule else {}
    return all(counts.get(i) == 1 for i, text in enumerate(entry.forms) if text == form)


_HALF_VALUE = re.compile(r"%\s?\(\w*\)?\s?\w?|%[A-Za-z]\b")
_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>|<!--|&(?:#\d+|#x[\da-fA-F]+|[A-Za-z]+\d*);")
_LINK = re.compile(r"\w+://\S+|\bwww\.\S+|[\w.+-]+@[\w-]+\.[\w.-]+")
_PHONE = re.compile(r"[+\d][\d\s()–-]{5,}\d")
_DIGITS = re.compile(r"\d+")
# Arabic "to" is written with a connecting line before a foreign word or a value.
_KASHIDA = re.compile(r"\u0640+(?! ?(?:%\(|[\dA-Za-z]))")


def _half_value(entry: CatalogEntry, form: str, info: CatalogInfo) -> Details:
    """A misspelled placeholder, which would be shown to readers unchanged."""
    sources = " ".join(map(_without_values, entry.sources))
    return _first_match(_HALF_VALUE, _without_values(form), sources)


def _markup(entry: CatalogEntry, form: str, info: CatalogInfo) -> Details:
    return _first_match(_MARKUP, form, " ".join(entry.sources))


def _link(entry: CatalogEntry, form: str, info: CatalogInfo) -> Details:
    return _first_match(_LINK, form, " ".join(entry.sources))


def _phone(entry: CatalogEntry, form: str, info: CatalogInfo) -> Details:
    return _first_match(_PHONE, _without_values(form), " ".join(entry.sources))


def _digits(entry: CatalogEntry, form: str, info: CatalogInfo) -> Details:
    text = _PHONE.sub(" ", _LINK.sub(" ", _without_values(form)))
    return _first_match(_DIGITS, text, " ".join(entry.sources))


def _kashida(entry: CatalogEntry, form: str, info: CatalogInfo) -> Details:
    return _first_match(_KASHIDA, form, "")


def _first_match(pattern: re.Pattern[str], text: str, source: str) -> Details:
    """The first match in a text that is not in the Swedish text."""
    matches = (match[0].strip() for match in pattern.finditer(text))
    return next(((match,) for match in matches if match not in source), ())


_CLOSERS = dict.fromkeys("\u202a\u202b\u202d\u202e", "\u202c") | dict.fromkeys(
    "\u2066\u2067\u2068", "\u2069"
)
_DIRECTION_CONTROLS = {*_CLOSERS, *_CLOSERS.values()}


def _unclosed_direction(entry: CatalogEntry, form: str, info: CatalogInfo) -> Details:
    """A control that changes the direction and is not closed, or closes nothing (UAX 9)."""
    expected: list[str] = []
    for character in form:
        if character in _CLOSERS:
            expected.append(_CLOSERS[character])
        elif character in _DIRECTION_CONTROLS and (not expected or expected.pop() != character):
            return (_named(character),)
    return (_named(expected[0]),) if expected else ()


def _named(character: str) -> str:
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".strip()


_ZERO_WIDTH_SPACE_IS_SPELLING = frozenset({"km", "lo", "my", "th"})
"""Languages that separate words by U+200B (W3C, Layout Requirements)."""
_VIRAMA = 9
"""The canonical combining class of viramas (UAX 44), which joiners may follow."""


def _invisible(entry: CatalogEntry, form: str, info: CatalogInfo) -> Details:
    source = " ".join(entry.sources)
    for index, character in enumerate(form):
        if unicodedata.category(character) not in {"Cc", "Cf"} or character == "\n":
            continue
        if character in source or character in _DIRECTION_CONTROLS:
            continue
        if character == "\u200b" and _primary(info.language) in _ZERO_WIDTH_SPACE_IS_SPELLING:
            continue
        if character in "\u200c\u200d" and _joins(form, index):
            continue
        return _named(character), _last_word(form[:index])
    return ()


def _joins(form: str, index: int) -> bool:
    """Whether a joiner can have an effect: before a letter that is not Latin, or after a virama.

    Persian, Sorani and the scripts of India use joiners in their spelling.
    """
    following = form[index + 1 : index + 2]
    follows_virama = index > 0 and unicodedata.combining(form[index - 1]) == _VIRAMA
    return follows_virama or (
        bool(following)
        and unicodedata.category(following)[0] in "LM"
        and not unicodedata.name(following, "").startswith("LATIN")
    )


def _primary(language: Language) -> str:
    """The primary subtag of a language, or of its stand-in."""
    return STAND_INS.get(language.tag, language.tag).partition("-")[0]


def _edges(entry: CatalogEntry, form: str, info: CatalogInfo) -> Details:
    source = entry.sources[0]
    for text, model in ((form[:1], source[:1]), (form[-1:], source[-1:])):
        if text.isspace() != model.isspace() or (text == "\n") != (model == "\n"):
            return (form[:12] if text is form[:1] else form[-12:],)
    return ("  ",) if "  " in form and "  " not in source else ()


_ENDINGS_BY_KIND = (".།᱾।。։።۔᠃", "?؟՞፧？\u037e", "!！՜", ":：፡፦", "…")
"""Characters that end a text, of any script, by kind: full stop, question mark, and so on."""
_ENDINGS_BY_LANGUAGE = {("el", ";"): 1, ("hi", "|"): 0, ("or", "|"): 0}
"""Characters that end a text only in one language, and their kinds."""
_ENDS_WITHOUT_CHARACTER = frozenset({"th", "lo", "my", "km"})
"""Languages in which a sentence may end without a punctuation mark."""


def _end(entry: CatalogEntry, form: str, info: CatalogInfo) -> Details:
    language = _primary(info.language)
    if language in _ENDS_WITHOUT_CHARACTER:
        return ()
    source = entry.sources[-1] if form != entry.forms[0] else entry.sources[0]
    if _kind_of_end(source, "sv") == _kind_of_end(form, language):
        return ()
    return _last_word(form), _last_word(source)


def _last_word(text: str) -> str:
    return "".join(text.split()[-1:])


def _kind_of_end(text: str, language: str) -> int:
    """The kind of character that ends a text; -1 for none."""
    last = text.rstrip(" \n\u200e\u200f\u061c")[-1:]
    if language == "hy" and "՞" in _last_word(text):  # written over the vowel of the last word
        return 1
    kinds = enumerate(_ENDINGS_BY_KIND)
    by_kind = next((kind for kind, characters in kinds if last and last in characters), -1)
    return _ENDINGS_BY_LANGUAGE.get((language, last), by_kind)


_REDUPLICATING = frozenset(
    {"bn", "fa", "gu", "hi", "id", "kn", "ml", "mr", "ms", "ne", "pa", "so", "sw", "ta", "te"}
    | {"tr", "ur"}
)
"""Languages that repeat words on purpose."""
_RIGHTLY_DOUBLED = frozenset({"vous", "nous", "sie", "die", "der", "das"})
_WORD_CHARACTERS = "’'ʼ-\u200c\u200d"


def _doubled(entry: CatalogEntry, form: str, info: CatalogInfo) -> Details:
    if _primary(info.language) in _REDUPLICATING or any(map(_doubled_word, entry.sources)):
        return ()
    word = _doubled_word(form)
    return (word,) if word else ()


def _doubled_word(text: str) -> str:
    """The first word that is there twice in a row, or nothing; a value separates words."""
    former = ""
    for part in _without_values(text, " \0 ").split():
        word = "".join(filter(_is_of_word, part))
        is_double = len(word) > 1 and former.casefold() == word.casefold()
        if is_double and word.casefold() not in _RIGHTLY_DOUBLED:
            return f"{former} {word}"
        former = word if _is_of_word(part[-1]) else ""
    return ""


def _is_of_word(character: str) -> bool:
    """Whether a character is a letter, a combining mark, or used inside words."""
    return unicodedata.category(character)[0] in "LM" or character in _WORD_CHARACTERS


def _same(entry: CatalogEntry, form: str, info: CatalogInfo) -> Details:
    if form not in entry.sources or not re.search(r"[^\W\d_]", _without_values(form)):
        return ()
    return (form[:40],)


LIMIT = re.compile(r"max-length: ?\d+")
"""The greatest length of a text, in a comment or a flag."""


def _too_long(entry: CatalogEntry, form: str, info: CatalogInfo) -> Details:
    limits = LIMIT.findall(" ".join((*entry.flags, entry.comment)))
    limit = min((int(text.partition(":")[2]) for text in limits), default=len(form))
    # Combining marks and format characters have no width.
    length = sum(unicodedata.category(character) not in {"Mn", "Me", "Cf"} for character in form)
    return (str(length), str(limit)) if length > limit else ()


_LATIN_PUNCTUATION = re.compile(r"[?,;](?!\S*@)")
_ARABIC_LETTER = re.compile(r"[\u0620-\u064a\u066e-\u06d3]")
_ARABIC_PUNCTUATION = {"?": "؟", ",": "،", ";": "؛"}


def _latin_punctuation(entry: CatalogEntry, form: str, info: CatalogInfo) -> Details:
    if not _ARABIC_LETTER.search(form):
        return ()
    match = _LATIN_PUNCTUATION.search(_without_values(form))
    return (match[0], _ARABIC_PUNCTUATION[match[0]]) if match else ()


_WORD = re.compile(r"[^\W\d_]+")


def _latin_start(entry: CatalogEntry, form: str, info: CatalogInfo) -> Details:
    """A text in Arabic script that starts in Latin letters: it would be laid out from the left."""
    first = _WORD.search(_without_values(form))
    if info.language.direction != "rtl" or not first or not _ARABIC_LETTER.search(form):
        return ()
    return (first[0],) if unicodedata.bidirectional(first[0][0]) == "L" else ()


_SWEDISH_ENDINGS = "(?:s|n|en|et|er|ar|or|t|nen|na|erna|arna|orna|ens|ets|ernas|arnas)?"


def _glossary(entry: CatalogEntry, form: str, info: CatalogInfo) -> Details:
    source, text = " ".join(entry.sources).lower(), _folded(form)
    for word, translations in info.glossary.items():
        occurs = re.search(rf"\b{re.escape(word.lower())}{_SWEDISH_ENDINGS}\b", source)
        if occurs and not any(_folded(translation) in text for translation in translations):
            return word, ", ".join(translations)
    return ()


def _folded(text: str) -> str:
    """A text for comparison: lower case, without vowel signs."""
    parts = unicodedata.normalize("NFKD", text.lower())
    return "".join(character for character in parts if not unicodedata.combining(character))


CHECKS = (
    Check(
        "plural-forms",
        True,
        _missing_forms,
        Explanation(
            "not all of the {0} plural forms are filled in",
            "Fill in every form, each for its number: {1}.",
        ),
        Explanation(
            "alla {0} pluralformer är inte ifyllda",
            "Fyll i varje form, var och en för sitt tal: {1}.",
        ),
    ),
    Check(
        "empty",
        True,
        _nothing_visible,
        Explanation(
            "nothing in it can be seen: {0}",
            "Translate it, or leave it empty: then the Swedish is shown.",
        ),
        Explanation(
            "inget i den syns: {0}",
            "Översätt, eller lämna den tom: då visas svenskan.",
        ),
    ),
    Check(
        "strange-value",
        True,
        _unknown_values,
        Explanation("no value is called {0}", "Copy the name exactly from the Swedish: {1}."),
        Explanation(
            "inget värde heter {0}", "Kopiera namnet från svenskan, tecken för tecken: {1}."
        ),
    ),
    Check(
        "lost-value",
        True,
        _lost_values,
        Explanation("the value {0} is missing", "Put {1} where the value belongs."),
        Explanation("värdet {0} saknas", "Sätt in {1} där värdet ska stå."),
    ),
    Check(
        "half-value",
        True,
        _half_value,
        Explanation(
            "“{0}” would be shown to readers unchanged",
            "A value is written %(name)s, without spaces; a per cent sign %%.",
        ),
        Explanation(
            "”{0}” skulle visas som det står",
            "Ett värde skrivs %(namn)s, utan mellanslag; ett procenttecken %%.",
        ),
    ),
    Check(
        "markup",
        True,
        _markup,
        Explanation("“{0}” is markup", "Remove it. HTML would be shown to readers as text."),
        Explanation("”{0}” är märkkod", "Ta bort det. HTML skulle visas för läsaren som text."),
    ),
    Check(
        "link",
        True,
        _link,
        Explanation("the address “{0}” is typed in", "Remove it. Addresses come as values."),
        Explanation("adressen ”{0}” är inskriven", "Ta bort den. Adresser kommer som värden."),
    ),
    Check(
        "phone",
        True,
        _phone,
        Explanation("the phone number “{0}” is typed in", "Remove it. Numbers come as values."),
        Explanation("telefonnumret ”{0}” är inskrivet", "Ta bort det. Nummer kommer som värden."),
    ),
    Check(
        "direction",
        True,
        _unclosed_direction,
        Explanation(
            "a control character changes the direction and is not closed: {0}",
            "Remove it. The portal sets the direction of values itself.",
        ),
        Explanation(
            "ett tecken som vänder läsriktningen står öppet: {0}",
            "Ta bort det. Portalen sköter själv värdenas riktning.",
        ),
    ),
    Check(
        "digits",
        False,
        _digits,
        Explanation(
            "the digits “{0}” are typed in", "Write the number in words; figures are values."
        ),
        Explanation("siffrorna ”{0}” är inskrivna", "Skriv talet med ord; siffror är värden."),
    ),
    Check(
        "invisible",
        False,
        _invisible,
        Explanation(
            "there is an invisible character after “{1}”: {0}",
            "Delete it, or type that place again.",
        ),
        Explanation(
            "här finns ett osynligt tecken: {0}", "Ta bort det, eller skriv om det stället."
        ),
    ),
    Check(
        "spaces",
        False,
        _edges,
        Explanation(
            "a space or line break is not as in the Swedish: “{0}”",
            "Begin and end it as the Swedish does, and leave one space between words.",
        ),
        Explanation(
            "ett mellanslag eller radbyte är inte som i svenskan: ”{0}”",
            "Börja och sluta som svenskan, och ha ett mellanslag mellan orden.",
        ),
    ),
    Check(
        "end",
        False,
        _end,
        Explanation(
            "it ends in another way (“{0}”) than the Swedish (“{1}”)",
            "End it with the same kind of character, or none; ؟ is right in Arabic.",
        ),
        Explanation(
            "den slutar annorlunda (”{0}”) än svenskan (”{1}”)",
            "Sluta med samma slags tecken, eller inget; ؟ är rätt på arabiska.",
        ),
    ),
    Check(
        "doubled",
        False,
        _doubled,
        Explanation("a word is repeated: “{0}”", "Remove one of them."),
        Explanation("ett ord står två gånger: ”{0}”", "Ta bort det ena."),
    ),
    Check(
        "same",
        False,
        _same,
        Explanation(
            "it is the same as the Swedish: “{0}”", "Translate it, or add the flag ignore-same."
        ),
        Explanation(
            "den är likadan som svenskan: ”{0}”", "Översätt, eller sätt flaggan ignore-same."
        ),
    ),
    Check(
        "length",
        False,
        _too_long,
        Explanation("it has {0} characters, and there is room for {1}", "Use fewer words."),
        Explanation("den har {0} tecken, och det finns plats för {1}", "Säg det med färre ord."),
    ),
    Check(
        "glossary",
        False,
        _glossary,
        Explanation("“{0}” is not translated as in the glossary", "Use: {1}."),
        Explanation("”{0}” är inte översatt som i ordlistan", "Använd: {1}."),
    ),
    Check(
        "sign",
        False,
        _latin_punctuation,
        Explanation("“{0}” is not used in Arabic script", "Write {1}."),
        Explanation("”{0}” står i en text med arabisk skrift", "Skriv {1}."),
    ),
    Check(
        "kashida",
        False,
        _kashida,
        Explanation("a word is drawn out with “{0}”", "Remove it; screen readers stumble on it."),
        Explanation("ett ord är utdraget med ”{0}”", "Ta bort det; skärmläsare snubblar på det."),
    ),
    Check(
        "start",
        False,
        _latin_start,
        Explanation(
            "it begins with “{0}”, which reads from the left",
            "Begin with a word in the language itself, and let “{0}” follow.",
        ),
        Explanation(
            "den börjar med ”{0}”, som läses från vänster",
            "Börja med ett ord på språket, och låt ”{0}” följa.",
        ),
    ),
)

ERRORS = tuple(check for check in CHECKS if check.is_error)

# Faults of whole files. All but that of the glossary cause the catalog to be refused.
UNREADABLE = Check(
    "file",
    True,
    _of_whole_file,
    Explanation("the file cannot be read: {0}", "Save it as text in UTF-8, in its own place."),
    Explanation("filen går inte att läsa: {0}", "Spara den som text i UTF-8, på sin plats."),
)
BROKEN = Check(
    "syntax",
    True,
    _of_whole_file,
    Explanation(
        "this is not a line of a .po file: {0}",
        'Each line begins with #, msgid or msgstr, and its text is in one pair of ". '
        'Inside a text, " is written \\".',
    ),
    Explanation(
        "det här är ingen rad i en .po-fil: {0}",
        'Varje rad börjar med #, msgid eller msgstr, och texten står mellan två ". '
        'Inne i en text skrivs " som \\".',
    ),
)
RULE = Check(
    "plural-rule",
    True,
    _of_whole_file,
    Explanation(
        "Plural-Forms does not fit the language {0}: {1}",
        'Write in the header: "Plural-Forms: {2}\\n"',
    ),
    Explanation(
        "Plural-Forms passar inte språket {0}: {1}",
        'Skriv i filhuvudet: "Plural-Forms: {2}\\n"',
    ),
)
HEADER = Check(
    "header",
    True,
    _of_whole_file,
    Explanation(
        "the file has no header",
        'Save it whole: it begins with msgid "" and names its Content-Type.',
    ),
    Explanation(
        "filen har inget huvud",
        'Spara hela filen: den börjar med msgid "" och nämner sin Content-Type.',
    ),
)
CHARSET = Check(
    "charset",
    True,
    _of_whole_file,
    Explanation(
        "the header names the charset {0}, and files are read as UTF-8",
        'Write in the header: "Content-Type: text/plain; charset=UTF-8\\n". Save as UTF-8.',
    ),
    Explanation(
        "filhuvudet nämner teckenkodningen {0}, men filer läses som UTF-8",
        'Skriv i filhuvudet: "Content-Type: text/plain; charset=UTF-8\\n". Spara som UTF-8.',
    ),
)
DUPLICATE = Check(
    "duplicate",
    True,
    _of_whole_file,
    Explanation("“{0}” has two entries", "Keep the one with the right translation."),
    Explanation("”{0}” står två gånger", "Behåll den som har rätt översättning."),
)
CUT_OFF = Check(
    "cut-off",
    True,
    _of_whole_file,
    Explanation(
        "only {0} of {1} texts are left", "Save the whole file. If it is whole, restart the portal."
    ),
    Explanation(
        "bara {0} av {1} texter är kvar", "Spara hela filen. Om den är hel, starta om portalen."
    ),
)
GLOSSARY_FILE = Check(
    "glossary-file",
    False,
    _of_whole_file,
    Explanation(
        "the glossary cannot be read: {0}",
        "Save it as CSV in UTF-8 with the columns source and target.",
    ),
    Explanation(
        "ordlistan går inte att läsa: {0}",
        "Spara den som CSV i UTF-8 med kolumnerna source och target.",
    ),
)
