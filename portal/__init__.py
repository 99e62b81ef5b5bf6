"""The guardians' portal of a city's school administration.

The house has floors. A module imports only from modules that stand above it in
this list, so there are no cycles and nothing hides; ``tests/test_house.py``
keeps the order.

Ground, what is given
    hours         when the telephone is answered, and whether it is open now
    settings      everything read from the environment, checked once
    languages     the languages found in ``locales/`` and how one is chosen
    facts         phone, addresses, dates and laws: each fact stands here once
    areas         the three areas the administration works on, as texts
    checks        what can be wrong with a translation, and what to do about it
    catalogs      what the translators wrote, one catalog a language
    pseudo        languages that nobody speaks, to find what was forgotten
    coverage      how much of a page stands in a language
    rendering     templates and catalogs become a page in one language

Cellar, what is kept
    tables        the tables, and nothing else
    migrations    the way from an empty database to today's
    database      SQLite or PostgreSQL: reading, and one writer for everything

Workshop, what is done
    messages      a message from the public: its limits, receiving it, finding it
    translating   what translators run: extract, update, add, check, what has changed

Front, what is shown
    web.posted    a posted body becomes fields
    web.forms     posted fields become a form, or a list of problems
    web.shelf     answers made ahead of time, and how they are handed out
    web.assets    style sheets and scripts, under names that change with them
    web.pages     the table of public pages, and how they are printed
    web.errors    every error in the language of the path
    web.states    every state in which a page is seen, with example values
    web.edition   all of this printed at once, to be replaced as a whole
    web.contact   the form is shown, refused or accepted
    web.case      a person's own receipt
    web.guard     what holds for every request and every answer
    web.protocol  deadlines and ceilings below the application, and answers from the shelf
    web.renewal   a saved catalog becomes new pages, while the old ones are read
    web.preview   every text numbered where it stands, for translators alone
    web.app       the table of routes; everything is put together here

Door
    reports       what translators are told: faults, coverage, changes
    commands      ``portal serve``, ``check``, ``db``, ``catalogs``, ``messages``
"""

__version__ = "0.1.0"
