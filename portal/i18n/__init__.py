"""Languages, gettext catalogs and their checks, and rendering templates in a language.

Its modules, in the order in which they may import:

    plurals      plural rules of gettext, derived from CLDR
    languages    the languages found in ``locales/``
    negotiation  the language for a reader who has not chosen one
    checks       what can be wrong with a translation, in words for translators
    catalogs     the translations of each language; why a ``.po`` file is refused
    coverage     how much of a page is translated
    hyphenation  soft hyphens in long Swedish words
    rendering    renders templates in a language, with the texts of its catalog
    templates    opens the portal's own templates and catalogs
"""
