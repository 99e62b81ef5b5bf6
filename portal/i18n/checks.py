"""What can be wrong with a translation, and what to do about it.

Each check looks at one form of one entry and knows nothing of files or pages. An
error would damage the page or mislead its reader: the text is not published and
Swedish is shown in its place. A warning is a question to the translator, who may
answer it for good with the flag ``ignore-<name of the check>``.

The table at the end has all there is to know about a check: its name, whether it
stops publication, how it is found, and how it is said in English and in Swedish.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from portal.i18n.languages import Language

PLACEHOLDER = re.compile(r"%%|%\((\w+)\)[sd]")
"""All that is special in a text: a named value, or a per cent sign written twice."""

PluralForms = tuple[str, ...]
Key = tuple[str | None, str]
Details = tuple[str, ...]
"""What a check found, in the order in which its words name it; empty when all is well."""


@dataclass(frozen=True)
class Entry:
    """One text of a catalog, as its file has it."""

    line: int
    context: str | None
    sources: PluralForms
    """The Swedish: singular, and plural where there is one."""
    forms: PluralForms
    """The translation: one text, or one for each plural form; empty where there is none."""
    is_fuzzy: bool = False
    flags: frozenset[str] = frozenset()
    comment: str = ""
    """For translators, from whoever wrote the Swedish."""
    note: str = ""
    """The translator's own."""
    previous: str = ""
    """The Swedish that a fuzzy translation was made for."""

    @property
    def key(self) -> Key:
        """What it is found by."""
        return self.context, self.sources[0]

    @property
    def state(self) -> str:
        """``translated``, ``fuzzy`` or ``missing``."""
        if not any(self.forms):
            return "missing"
        return "fuzzy" if self.is_fuzzy else "translated"


@dataclass(frozen=True)
class CatalogInfo:
    """What a check has to know of the catalog that an entry stands in."""

    language: Language
    count: int
    """How many plural forms it has."""
    glossary: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """How words are to be translated: any of these, wherever the Swedish word stands."""


@dataclass(frozen=True)
class Explanation:
    """What is wrong and what to do, with places for what was found."""

    fault: str
    remedy: str


@dataclass(frozen=True)
class Check:
    """One thing that can be wrong."""

    name: str
    is_error: bool
    """Whether it keeps the text from being published."""
    find: Callable[[Entry, str, CatalogInfo], Details]
    en: Explanation
    sv: Explanation


@dataclass(frozen=True)
class Fault:
    """Something that is wrong in one place."""

    check: Check
    line: int
    context: str | None
    source: str
    text: str
    """The translation that is at fault."""
    found: Details

    def explain(self, interface_language: str = "en") -> Explanation:
        """It in words, in English or in Swedish."""
        words = self.check.sv if interface_language == "sv" else self.check.en
        return Explanation(words.fault.format(*self.found), words.remedy.format(*self.found))


def examine(entry: Entry, info: CatalogInfo, *, errors_only: bool = False) -> Iterator[Fault]:
    """Everything that is wrong with an entry; one that is not translated is not wrong.

    Args:
        entry: which one.
        info: the catalog that it stands in.
        errors_only: leave out what does not stop publication.
    """
    if entry.state != "translated" or (errors_only and _is_plain(entry)):
        return
    for check in ERRORS if errors_only else CHECKS:
        if not check.is_error and f"ignore-{check.name}" in entry.flags:
            continue
        for form in entry.forms:
            if (form or check.is_error) and (found := check.find(entry, form, info)):
                yield Fault(check, entry.line, *entry.key, form, found)
                break


_SIGNS = re.compile(r"[%<&@\d\u202a-\u202e\u2066-\u2069]|://|www\.")


def _is_plain(entry: Entry) -> bool:
    """Whether it can have no error: one form, and none of the signs that errors are made of.

    Most texts are so, and all of them are looked at in every start.
    """
    if len(entry.sources) > 1 or len(entry.forms) > 1:
        return False
    return not (_SIGNS.search(entry.sources[0]) or _SIGNS.search(entry.forms[0]))


def placeholders(text: str) -> set[str]:
    """The names of the values in a text."""
    return {match[1] for match in PLACEHOLDER.finditer(text) if match[1]}


def _never(entry: Entry, form: str, info: CatalogInfo) -> Details:
    """For what is wrong with a whole file."""
    return ()


def _wanted(entry: Entry) -> set[str]:
    return {name for source in entry.sources for name in placeholders(source)}


def _written(names: set[str]) -> str:
    return ", ".join(f"%({name})s" for name in sorted(names))


def _bare(text: str) -> str:
    """The text without its values."""
    return PLACEHOLDER.sub(" ", text)


def _unfilled(entry: Entry, form: str, info: CatalogInfo) -> Details:
    if len(entry.sources) == 1 or (len(entry.forms) == info.count and all(entry.forms)):
        return ()
    examples = enumerate(info.language.plural_examples)
    return str(info.count), "; ".join(f"msgstr[{i}]: {n}" for i, (_, n) in examples)


def _strange(entry: Entry, form: str, info: CatalogInfo) -> Details:
    wanted = _wanted(entry)
    if not (strange := placeholders(form) - wanted):
        return ()
    close = {name for one in strange for name in get_close_matches(one, wanted, n=1)}
    return ", ".join(sorted(strange)), _written(close or wanted) or "–"


def _lost(entry: Entry, form: str, info: CatalogInfo) -> Details:
    # A form for exactly one or two may say the number in words.
    spare = {"num"} if len(entry.sources) > 1 else set()
    lost = _wanted(entry) - placeholders(form) - spare
    return (", ".join(sorted(lost)), _written(lost)) if lost else ()


_HALF_VALUE = re.compile(r"%\s?\(\w*\)?\s?\w?|%[A-Za-z]\b")


def _half_value(entry: Entry, form: str, info: CatalogInfo) -> Details:
    """Something that was to be a value, and would be shown to readers as it stands."""
    return _first(_HALF_VALUE, _bare(form), " ".join(map(_bare, entry.sources)))


_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>|<!--|&(?:#\d+|#x[\da-fA-F]+|[A-Za-z]+\d*);")


def _markup(entry: Entry, form: str, info: CatalogInfo) -> Details:
    return _first(_MARKUP, form, " ".join(entry.sources))


_LINK = re.compile(r"\w+://\S+|\bwww\.\S+|[\w.+-]+@[\w-]+\.[\w.-]+")
_PHONE = re.compile(r"[+\d][\d\s()–-]{5,}\d")
_DIGITS = re.compile(r"\d+")


def _link(entry: Entry, form: str, info: CatalogInfo) -> Details:
    return _first(_LINK, form, " ".join(entry.sources))


def _phone(entry: Entry, form: str, info: CatalogInfo) -> Details:
    return _first(_PHONE, _bare(form), " ".join(entry.sources))


def _digits(entry: Entry, form: str, info: CatalogInfo) -> Details:
    text = _PHONE.sub(" ", _LINK.sub(" ", _bare(form)))
    return _first(_DIGITS, text, " ".join(entry.sources))


def _first(pattern: re.Pattern[str], text: str, source: str) -> Details:
    """The first piece of a text that a pattern fits and that does not stand in the Swedish."""
    pieces = (match[0].strip() for match in pattern.finditer(text))
    return next(((piece,) for piece in pieces if piece not in source), ())


_OPENERS = dict.fromkeys("\u202a\u202b\u202d\u202e", "\u202c") | dict.fromkeys(
    "\u2066\u2067\u2068", "\u2069"
)


_TURNING = {*_OPENERS, *_OPENERS.values()}


def _left_open(entry: Entry, form: str, info: CatalogInfo) -> Details:
    """A sign that turns the direction and is not taken back, or the other way about."""
    waiting: list[str] = []
    for sign in form:
        if sign in _OPENERS:
            waiting.append(_OPENERS[sign])
        elif sign in _TURNING and (not waiting or waiting.pop() != sign):
            return (_code(sign),)
    return (_code(waiting[0]),) if waiting else ()


def _code(sign: str) -> str:
    return f"U+{ord(sign):04X} {unicodedata.name(sign, '')}".strip()


def _invisible(entry: Entry, form: str, info: CatalogInfo) -> Details:
    source = " ".join(entry.sources)
    for before, sign, after in zip(" " + form, form, form[1:] + " ", strict=False):
        if sign in "\u200c\u200d" and not {before, after} & _LATIN and before.isalpha():
            continue  # joins or parts letters, as Persian and Sorani are written
        if sign == "\n" or sign in source or sign in _TURNING:
            continue
        if unicodedata.category(sign) in {"Cc", "Cf"}:
            return (_code(sign),)
    return ()


_LATIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")


def _edges(entry: Entry, form: str, info: CatalogInfo) -> Details:
    source = entry.sources[0]
    for text, model in ((form[:1], source[:1]), (form[-1:], source[-1:])):
        if text.isspace() != model.isspace() or (text == "\n") != (model == "\n"):
            return (form[:12] if text is form[:1] else form[-12:],)
    return ("  ",) if "  " in form and "  " not in source else ()


_SAME_END = (".।。።։۔᠃", "?؟՞፧？;", "!！՜", ":：፡፦", "…")
"""Signs that end a text in the same way, whatever the script."""
_WITHOUT_SIGNS = frozenset({"th", "lo", "my", "km"})
"""Languages whose sentences end with a space."""


def _end(entry: Entry, form: str, info: CatalogInfo) -> Details:
    if info.language.tag.partition("-")[0] in _WITHOUT_SIGNS:
        return ()
    plural = entry.sources[-1] if form != entry.forms[0] else entry.sources[0]
    expected, given = _end_of(plural, "sv"), _end_of(form, info.language.tag)
    if expected == given:
        return ()
    return _last_word(form), _last_word(plural)


def _last_word(text: str) -> str:
    return "".join(text.split()[-1:])


def _end_of(text: str, tag: str) -> int:
    """Which kind of sign ends a text; -1 for none."""
    last = text.rstrip(" \n\u200e\u200f\u061c")[-1:]
    # Greek asks with what is a semicolon elsewhere.
    if not last or (last == ";" and tag != "el"):
        return -1
    return next((kind for kind, signs in enumerate(_SAME_END) if last in signs), -1)


_DOUBLED = re.compile(r"\b((?:[^\W\d_]|[’'ʼ-])+)\s+\1\b", re.IGNORECASE)


def _doubled(entry: Entry, form: str, info: CatalogInfo) -> Details:
    if any(map(_DOUBLED.search, entry.sources)):
        return ()
    return _first(_DOUBLED, _bare(form), "")


def _same(entry: Entry, form: str, info: CatalogInfo) -> Details:
    if form not in entry.sources or not re.search(r"[^\W\d_]", _bare(form)):
        return ()
    return (form[:40],)


LIMIT = re.compile(r"max-length: ?\d+")
"""How a comment or a flag says how many characters there is room for."""


def _too_long(entry: Entry, form: str, info: CatalogInfo) -> Details:
    limits = LIMIT.findall(" ".join((*entry.flags, entry.comment)))
    limit = min((int(one.partition(":")[2]) for one in limits), default=len(form))
    return (str(len(form)), str(limit)) if len(form) > limit else ()


_LATIN_SIGN = re.compile(r"[?,;](?!\S*@)")
_ARABIC_LETTER = re.compile(r"[\u0620-\u064a\u066e-\u06d3]")
_ARABIC_SIGNS = {"?": "؟", ",": "،", ";": "؛"}
_KASHIDA = re.compile(r"\u0640+")


def _latin_sign(entry: Entry, form: str, info: CatalogInfo) -> Details:
    sign = _LATIN_SIGN.search(_bare(form)) if _ARABIC_LETTER.search(form) else None
    return (sign[0], _ARABIC_SIGNS[sign[0]]) if sign else ()


def _kashida(entry: Entry, form: str, info: CatalogInfo) -> Details:
    return _first(_KASHIDA, form, "")


_WORD = re.compile(r"[^\W\d_]+")


def _wrong_start(entry: Entry, form: str, info: CatalogInfo) -> Details:
    """A right-to-left text whose first word is Latin: it would be laid out from the left."""
    first = _WORD.search(_bare(form))
    if info.language.direction != "rtl" or not first or not _ARABIC_LETTER.search(form):
        return ()
    return (first[0],) if unicodedata.bidirectional(first[0][0]) == "L" else ()


_ENDINGS = "(?:s|n|en|et|er|ar|or|t|nen|na|erna|arna|orna|ens|ets|ernas|arnas)?"


def _glossary(entry: Entry, form: str, info: CatalogInfo) -> Details:
    source, text = " ".join(entry.sources).lower(), _folded(form)
    for word, translations in info.glossary.items():
        stands = re.search(rf"\b{re.escape(word.lower())}{_ENDINGS}\b", source)
        if stands and not any(_folded(one) in text for one in translations):
            return word, ", ".join(translations)
    return ()


def _folded(text: str) -> str:
    """A text as it is compared: small letters, no vowel signs."""
    parts = unicodedata.normalize("NFKD", text.lower())
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


CHECKS = (
    Check(
        "plural-forms",
        True,
        _unfilled,
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
        "strange-value",
        True,
        _strange,
        Explanation(
            "no value is called {0}", "Copy the name from the Swedish, letter by letter: {1}."
        ),
        Explanation(
            "inget värde heter {0}", "Kopiera namnet från svenskan, tecken för tecken: {1}."
        ),
    ),
    Check(
        "lost-value",
        True,
        _lost,
        Explanation("the value {0} is missing", "Put {1} where the value is to stand."),
        Explanation("värdet {0} saknas", "Sätt in {1} där värdet ska stå."),
    ),
    Check(
        "half-value",
        True,
        _half_value,
        Explanation(
            "“{0}” would be shown as it stands",
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
        Explanation("“{0}” is markup", "Take it away. HTML would be shown to readers as text."),
        Explanation("”{0}” är märkkod", "Ta bort det. HTML skulle visas för läsaren som text."),
    ),
    Check(
        "link",
        True,
        _link,
        Explanation("the address “{0}” is typed in", "Take it away. Addresses come as values."),
        Explanation("adressen ”{0}” är inskriven", "Ta bort den. Adresser kommer som värden."),
    ),
    Check(
        "phone",
        True,
        _phone,
        Explanation("the phone number “{0}” is typed in", "Take it away. Numbers come as values."),
        Explanation("telefonnumret ”{0}” är inskrivet", "Ta bort det. Nummer kommer som värden."),
    ),
    Check(
        "direction",
        True,
        _left_open,
        Explanation(
            "a sign that turns the direction is left open: {0}",
            "Take it away. The portal sets the direction of values itself.",
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
        Explanation("there is an invisible character: {0}", "Delete it, or type that place again."),
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
            "Take it away at the start and the end, and leave one between words.",
        ),
        Explanation(
            "ett mellanslag eller radbyte är inte som i svenskan: ”{0}”",
            "Ta bort det i början och slutet, och lämna ett mellan ord.",
        ),
    ),
    Check(
        "end",
        False,
        _end,
        Explanation(
            "it ends otherwise (“{0}”) than the Swedish (“{1}”)",
            "End it with the same kind of sign, or none; ؟ is right in Arabic.",
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
        Explanation("a word stands twice: “{0}”", "Take one away."),
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
        Explanation("it has {0} characters, and there is room for {1}", "Say it in fewer words."),
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
        _latin_sign,
        Explanation("“{0}” stands in a text in Arabic script", "Write {1}."),
        Explanation("”{0}” står i en text med arabisk skrift", "Skriv {1}."),
    ),
    Check(
        "kashida",
        False,
        _kashida,
        Explanation(
            "a word is drawn out with “{0}”", "Take it away; screen readers stumble on it."
        ),
        Explanation("ett ord är utdraget med ”{0}”", "Ta bort det; skärmläsare snubblar på det."),
    ),
    Check(
        "start",
        False,
        _wrong_start,
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

UNREADABLE = Check(
    "file",
    True,
    _never,
    Explanation("the file cannot be read: {0}", "Save it as text in UTF-8, in its own place."),
    Explanation("filen går inte att läsa: {0}", "Spara den som text i UTF-8, på sin plats."),
)
BROKEN = Check(
    "syntax",
    True,
    _never,
    Explanation(
        "this is not a line of a .po file: {0}",
        'Each line begins with #, msgid or msgstr, and its text stands in one pair of ". '
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
    _never,
    Explanation(
        "Plural-Forms is wrong for {0}, as for {1}",
        'Write in the header: "Plural-Forms: {2}\\n"',
    ),
    Explanation(
        "Plural-Forms är fel för {0}, som för {1}",
        'Skriv i filhuvudet: "Plural-Forms: {2}\\n"',
    ),
)
"""What refuses a whole catalog."""
