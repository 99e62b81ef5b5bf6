"""Languages, gettext catalogs and what can be wrong in them, templates to pages.

Its modules, in the order in which they may import:

    plurals      plural rules of gettext, derived from CLDR
    languages    the languages found in ``locales/``
    negotiation  which language a reader gets who has not chosen one
    checks       what can be wrong with a translation, and what to do about it
    catalogs     the translations of each language, read from its ``.po`` file
    coverage     how much of a page is translated
    hyphenation  where long Swedish words may break
    rendering    renders templates in a language, with the texts of its catalog
    templates    opens the portal's own templates and catalogs
"""
