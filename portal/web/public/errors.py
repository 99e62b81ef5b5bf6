"""The error pages, each with the phone number, in the language of the path or of the browser."""

from functools import partial

from starlette.types import Scope

from portal.i18n.languages import Language
from portal.i18n.negotiation import negotiate
from portal.i18n.rendering import Renderers
from portal.web.headers import NO_STORE
from portal.web.public.pages import Page, page_resource
from portal.web.resources import Resource, Resources

STATUSES = (400, 403, 404, 405, 408, 413, 415, 431, 500, 503)
"""Those that have a page of their own."""


class Errors:
    """The error pages of all languages, each built when it is first needed."""

    def __init__(self, renderers: Renderers) -> None:
        self._languages = renderers.languages
        self._resources = Resources(
            {
                (tag, status): partial(_build, renderers, language, status)
                for tag, language in self._languages.items()
                for status in STATUSES
            }
        )

    def page(self, status: int, language: Language) -> Resource:
        """The page of an error; a status that has none gets that of 400 or 500."""
        if status not in STATUSES:
            status = 500 if status >= 500 else 400
        return self._resources.built((language.tag, status))

    def page_for(self, status: int, scope: Scope) -> Resource:
        """The page of an error in the language of a request's path, else of its headers."""
        tag = scope["path"].partition("/")[2].partition("/")[0]
        language = self._languages.get(tag)
        language = language or negotiate(self._languages, accepted_languages(scope))
        return self.page(status, language)


def _build(renderers: Renderers, language: Language, status: int) -> Resource:
    page = Page("", "error.html", {"error": status, "private": True})
    return page_resource(renderers(language), page, status=status, cache=NO_STORE)


def accepted_languages(scope: Scope) -> str:
    """The Accept-Language header of a request."""
    values = [value for name, value in scope["headers"] if name == b"accept-language"]
    return b",".join(values).decode("latin-1")
