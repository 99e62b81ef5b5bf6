"""Soft hyphens in long Swedish words.

Browsers hyphenate only languages for which they have a dictionary, but all of them support
soft hyphens (U+00AD). They are added when a text is rendered, so that catalogs, glossaries
and searches have the words without them.
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
"""Beginnings of words, with a bar where they may break; any ending may follow."""


_WORDS = {stem.replace("|", "").lower(): stem.split("|") for stem in STEMS.split()}
# HTML tags are skipped, and so are web and e-mail addresses: a soft hyphen would change them.
_PATTERN = re.compile(
    rf"<[^>]*>|(?<![\w@./{SOFT_HYPHEN}-])({'|'.join(sorted(_WORDS, key=len, reverse=True))})"
    r"(?!\w*(?:@|[./-]\w))",
    re.IGNORECASE,
)


def hyphenated(text: str) -> Markup:
    """The text with soft hyphens in its long Swedish words."""
    return Markup(_PATTERN.sub(_split, escape(text)))


def _split(match: re.Match[str]) -> str:
    """A word with its soft hyphens, its case unchanged; a tag unchanged."""
    word = match[0]
    if match[1] is None:
        return word
    ends = accumulate(len(part) for part in _WORDS[word.lower()])
    return SOFT_HYPHEN.join(word[start:end] for start, end in pairwise([0, *ends]))
