"""The portal's own templates and catalogs, opened with what every template uses.

Pages and letters are both rendered by these renderers, so a command that only sends letters
need not import the web server.
"""

from collections.abc import Mapping
from typing import Any

from portal.content.facts import Facts
from portal.i18n.catalogs import Catalog, read_all
from portal.i18n.languages import Languages, discover
from portal.i18n.rendering import Renderers, Vocabulary
from portal.settings import DATA, Settings

LOCALES = DATA / "locales"


def open_renderers(
    settings: Settings,
    languages: Languages,
    catalogs: Mapping[str, Catalog],
    vocabulary: type[Vocabulary] = Vocabulary,
    **values: Any,
) -> Renderers:
    """Renderers of the portal's templates.

    Args:
        settings: what the operator decided.
        languages: those of the catalogs.
        catalogs: by language tag.
        vocabulary: as ``Renderers`` takes it.
        values: further values for all templates.
    """
    common = {
        "base_url": settings.base_url,
        "facts": Facts(),
        "confirmed": settings.confirmed,
        "sends_mail": bool(settings.smtp_url),
        "opening": None,
        "page_words": {},
    }
    return Renderers(DATA / "templates", languages, catalogs, vocabulary, **common | values)


def read_renderers(settings: Settings) -> Renderers:
    """Renderers of the catalogs as they are saved now, for letters.

    Raises:
        CatalogError: when a catalog cannot be used.
    """
    languages = discover(LOCALES)
    return open_renderers(settings, languages, read_all(LOCALES, languages))
