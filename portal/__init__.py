"""The guardians' portal of a city's school administration.

The rooms of the house, in the one order in which they may import: a module imports
only from rooms above its own, and from modules that stand before it in the list of
its room's ``__init__``. ``tests/test_house.py`` reads these lists and keeps them.

    content      what the administration says of itself: areas, facts, opening hours
    settings     everything that is read from the environment
    logs         the log, in lines of text or JSON, with ids of requests
    metrics      figures for operators: counts, durations, gauges
    i18n         languages, gettext catalogs and templates
    storage      SQLite and PostgreSQL: the tables, and one writer for everything
    staff        who may read the inbox, and how they sign in
    cases        what the public writes, and what becomes of it
    mail         the letters that tell of it, and their way to the mail server
    web          what speaks HTTP
    translators  what translators run: update, check, preview
    commands     the command line, one module for each noun
"""

__version__ = "0.1.0"
