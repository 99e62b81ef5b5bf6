"""Plural forms: the rules of gettext catalogs, derived from CLDR.

Babel's own table of rules is wrong for Arabic, Persian, Turkish and others, so the rule of
a language is derived from CLDR's plural categories (UTS 35, part 3).
"""

import gettext
from collections import Counter
from collections.abc import Callable
from functools import lru_cache

from babel import Locale
from babel.messages.plurals import get_plural
from babel.plural import PluralRule, to_gettext

Rule = Callable[[int], int]
"""The index of the plural form for a number."""

NUMBERS = range(1001)
"""The whole numbers that are tried; categories that begin at a million are left out."""
CATEGORIES = ("zero", "one", "two", "few", "many", "other")
"""In the order in which a catalog has its forms."""
USUAL_HEADERS = (
    "nplurals=1; plural=0;",
    "nplurals=2; plural=(n != 1);",
    "nplurals=2; plural=(n > 1);",
    "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);",
    "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0"
    " : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);",
    "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2"
    " : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
)
"""Rules as the gettext manual and translators' tools write them."""


# Cached: a hundred catalogs share a few rules.
@lru_cache(64)
def parse_rule(header: str) -> Rule:
    """The rule in a ``Plural-Forms`` header; the same object for the same header.

    Raises:
        ValueError: when the header holds no rule that can be parsed.
    """
    return gettext.c2py(header.partition("plural=")[2].rstrip("; "))


def examples(locale: Locale) -> list[tuple[str, int]]:
    """The plural categories of whole numbers in a language, each with its first number."""
    categories = _categories_of(locale)
    return [(name, categories.index(name)) for name in CATEGORIES if name in categories]


def header(locale: Locale) -> str:
    """The value of ``Plural-Forms`` for a language, its forms in the order of CLDR."""
    names = [name for name, _ in examples(locale)]
    forms = tuple(map(names.index, _categories_of(locale)))
    usual = (text for text in USUAL_HEADERS if not _differences(parse_rule(text), forms))
    rules = locale.plural_form.rules
    return next(usual, to_gettext({name: rules[name] for name in names[:-1]}))


@lru_cache(64)
def used_forms(rule: Rule) -> Counter[int]:
    """The forms that a rule uses, and how many of the numbers tried have each.

    Raises:
        ArithmeticError: for a rule such as ``n%0``.
    """
    return Counter(int(rule(number)) for number in NUMBERS)


def misplaced(rule: Rule, locale: Locale) -> list[int]:
    """The first numbers that a rule puts into another group than CLDR does.

    Tools number the forms differently and add forms for fractions, so only the groups of
    numbers are compared. Babel's own rule is the exception: it must also number the forms in
    CLDR's order. Its rule for Arabic swaps the forms for 11–99 and 100–102, and a translator
    who copies that header still fills in the forms in the usual order.
    """
    rules = tuple(locale.plural_form.rules.items())
    if not rules:
        return []  # CLDR has no rule for the language
    if rule is parse_rule(f"plural={get_plural(locale).plural_expr}"):
        order = [name for name, _ in examples(locale)]
        return _differences(rule, tuple(map(order.index, _categories(rules))))[:3]
    return _in_other_groups(rule, rules)[:3]


@lru_cache(64)
def _in_other_groups(rule: Rule, rules: tuple[tuple[str, str], ...]) -> list[int]:
    form_of: dict[str, int] = {}
    category_of: dict[int, str] = {}
    wrong = []
    for number, category in zip(NUMBERS, _categories(rules), strict=True):
        form = form_of.setdefault(category, rule(number))
        if form != rule(number) or category_of.setdefault(form, category) != category:
            wrong.append(number)
    return wrong


def _categories_of(locale: Locale) -> tuple[str, ...]:
    """The plural category of each of the numbers."""
    return _categories(tuple(locale.plural_form.rules.items()))


# Cached: many languages share their rules, and each is tried with a thousand numbers.
@lru_cache(64)
def _categories(rules: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    return tuple(map(PluralRule(rules), NUMBERS))


@lru_cache(64)
def _differences(rule: Rule, forms: tuple[int, ...]) -> list[int]:
    return [number for number, form in zip(NUMBERS, forms, strict=True) if rule(number) != form]
