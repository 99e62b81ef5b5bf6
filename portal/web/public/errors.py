"""Every error in the language of the path, with the phone number on it."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from starlette.types import Scope

from portal.i18n.languages import Language
from portal.i18n.rendering import Renderers
from portal.web.public.pages import Page, page_resource
from portal.web.resources import PRIVATE, Resource, Resources

STATUSES = (400, 403, 404, 405, 413, 415, 422, 429, 500, 503)


class Errors:
    """The error pages of all languages.

    Args:
        renderers: of all languages.
        known: pages that need not be printed anew, by language and status.
    """

    def __init__(
        self, renderers: Renderers, known: Mapping[tuple[str, int], Resource] = MappingProxyType({})
    ) -> None:
        self._languages = renderers.languages
        printers = {
            (tag, status): partial(_print, renderers, language, status)
            for tag, language in self._languages.items()
            for status in STATUSES
        }
        self.resources = Resources(printers, known)

    def language(self, scope: Scope) -> Language:
        """The language of the path; where it has none, the one the reader asks for."""
        tag = scope["path"].partition("/")[2].partition("/")[0]
        if tag in self._languages:
            return self._languages[tag]
        return self._languages.choose(accepted_languages(scope))

    def page(self, status: int, scope: Scope) -> Resource:
        """The page of an error; a status that has none gets that of 400 or 500."""
        known = status if status in STATUSES else 500 if status >= 500 else 400
        return self.resources[self.language(scope).tag, known]


def _print(renderers: Renderers, language: Language, status: int) -> Resource:
    return page_resource(
        renderers(language),
        Page("", "error.html", {"error": status, "private": True}),
        status=status,
        cache=PRIVATE,
    )


def accepted_languages(scope: Scope) -> str:
    """The Accept-Language header of a request."""
    values = [value for name, value in scope["headers"] if name == b"accept-language"]
    return b",".join(values).decode("latin-1")
