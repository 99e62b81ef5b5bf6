"""Where long Swedish words may break at the end of a line.

Browsers hyphenate only in languages for which they have a dictionary. Soft hyphens
(U+00AD) are understood by all of them; they are put in when a text is shown, so that
catalogs, glossaries and searches meet the words as they are written.
"""

import re
from itertools import accumulate, pairwise

from markupsafe import Markup, escape

SOFT_HYPHEN = "\N{SOFT HYPHEN}"

STEMS = """
    dataskydds|förordning dataskydds|ombud diarie|nummer förskole|klass
    förstärknings|område förvaltnings|område funktions|nedsättning grundskole|förvaltning
    grundskole|nämnd grundsär|skola gymnasie|skola huvud|innehåll
    integritetsskydds|myndighet internet|uppkoppling kommun|fullmäktige
    kompetens|försörjning kontakt|center kontakt|formulär kunskaps|resultat
    kvalitets|arbete modersmåls|undervisning OpenStreet|Map person|uppgift
    personuppgifts|ansvarig referens|nummer register|utdrag skolenhets|utredning
    skol|inspektion skol|segregation skol|utredning tillgänglighets|redogörelse
    vårdnads|havare
"""
"""Beginnings of words and where they break; any ending may follow."""


_WORDS = {stem.replace("|", "").lower(): stem.split("|") for stem in STEMS.split()}
# Elements are passed by, and so are addresses, which say something else when they are split.
_PATTERN = re.compile(
    rf"<[^>]*>|(?<![\w@./{SOFT_HYPHEN}-])({'|'.join(sorted(_WORDS, key=len, reverse=True))})"
    r"(?!\w*(?:@|[./-]\w))",
    re.IGNORECASE,
)


def hyphenated(text: str) -> Markup:
    """The text with soft hyphens in its long Swedish words."""
    return Markup(_PATTERN.sub(_split, escape(text)))


def _split(match: re.Match[str]) -> str:
    """A word with its soft hyphens, in its own capitals; an element as it is."""
    word = match[0]
    if match[1] is None:
        return word
    ends = accumulate(len(part) for part in _WORDS[word.lower()])
    return SOFT_HYPHEN.join(word[start:end] for start, end in pairwise([0, *ends]))
