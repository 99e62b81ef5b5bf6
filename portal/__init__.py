"""The guardians' portal of a city's school administration.

Its packages and modules, in the order in which they may import: a module imports only from
those above its own and, within its package, from modules listed before it in ``__init__``.
``tests/test_house.py`` enforces this.

    content      what the administration says of itself; characters and addresses that people type
    settings     everything that is read from the environment
    logs         the log, in lines of text or JSON, with ids of requests
    metrics      figures for operators: counts, durations, gauges
    i18n         languages (direction and plurals are CLDR's), catalogs, rendering of templates
    storage      SQLite and PostgreSQL: the tables, and one writer for everything
    staff        who may read the inbox, and how they sign in
    cases        what the public writes, and what becomes of it
    mail         letters about cases, and their delivery to the mail server
    web          what speaks HTTP
    translators  what translators run: update, check, preview
    commands     the command line, one module for each noun

The markup of pages, and most of their words, are outside this folder:

    templates/             markup and words; texts in ``_("…")`` are translated
    templates/public       the templates of public pages
    templates/components   parts that pages share; the words of errors in forms
    templates/staff        the inbox; what staff see of a case, in Swedish only
    templates/mail         letters
    templates/preview      what translators see beside a page
    templates/layout.html  the frame of public pages: head, menu, footer
    locales/               the translations; ``portal catalogs check`` says what is wrong in them
    static/js              scripts; every page works without them
    static/css             style sheets; colours, sizes and fonts in ``tokens.css``

``docs/house.md`` follows a request, a message and a letter through the packages, and has a
table of where to change what.
"""

__version__ = "0.1.0"
