"""The organisation's facts, each standing here once.

Texts receive them as named values, so no phone number, address, date or count is
typed into a sentence and every language tells the same. What only the
administration can confirm is a setting; until it is set, pages say that it is
not known.
"""

from dataclasses import dataclass
from datetime import date

from portal.hours import Hours
from portal.settings import Settings


@dataclass(frozen=True)
class Facts:
    """What pages may state. Proper names stay Swedish in every language."""

    administration: str = "Grundskoleförvaltningen"
    board: str = "Grundskolenämnden i Göteborgs Stad"
    city: str = "Göteborgs Stad"
    city_url: str = "https://goteborg.se/"

    phone: str = "031-365 09 60"
    switchboard: str = "031-365 00 00"
    visiting_address: str = "Gamlestads Torg 5"
    place: str = "Göteborg"
    postal_address: tuple[str, str] = ("Box 1015", "405 21 Göteborg")
    latitude: float = 57.72796
    longitude: float = 12.00499

    formed: date = date(2018, 7, 1)
    """The administration and its board begin their work."""
    council_decision: date = date(2017, 4, 20)
    """Kommunfullmäktige decides to gather preschool and compulsory school."""
    first_investigation: int = 2016
    first_investigation_number: str = "1111/15"
    unit_investigation: int = 2019
    unit_decision: date = date(2020, 6, 1)
    """Only year and month are known."""
    unit_organisation: int = 2021
    """The autumn term in which the new school units begin."""
    finnish_area: int = 2011

    access_law: str = "2018:1937"
    complaints_law: str = "4 kap. 8 §"
    """In skollagen: the responsible body's routines for complaints."""
    inspectorate_url: str = "https://www.skolinspektionen.se/"
    privacy_authority_url: str = "https://www.imy.se/"

    phone_hours: Hours | None = None
    answer_languages: tuple[str, ...] = ("sv",)
    email: str = ""
    answer_days: int = 0
    erasure_decision: str = ""
    protection_officer: str = ""

    access_status: str = ""
    access_standard: str = ""
    access_assessed: date = date.min
    access_authority: str = ""
    access_authority_url: str = ""

    @property
    def map_url(self) -> str:
        """A map of the visiting address; opened only when a reader asks for it."""
        point = f"{self.latitude}/{self.longitude}"
        return (
            "https://www.openstreetmap.org/"
            f"?mlat={self.latitude}&mlon={self.longitude}#map=17/{point}"
        )

    @property
    def geo_url(self) -> str:
        """The same place for a device's own map (RFC 5870)."""
        return f"geo:{self.latitude},{self.longitude}"


def confirmed(settings: Settings) -> Facts:
    """The facts, with those that the administration has confirmed in its settings."""
    return Facts(
        phone_hours=settings.phone_hours,
        answer_languages=settings.answer_languages,
        email=settings.email,
        answer_days=settings.answer_days,
        erasure_decision=settings.erasure_decision,
        protection_officer=settings.protection_officer,
        access_status=settings.access_status,
        access_standard=settings.access_standard,
        access_assessed=settings.access_assessed,
        access_authority=settings.access_authority,
        access_authority_url=settings.access_authority_url,
    )


def dialled(phone: str) -> str:
    """A Swedish number as ``tel:`` wants it (RFC 3966).

    >>> dialled("031-365 09 60")
    '+46313650960'
    """
    return "+46" + "".join(sign for sign in phone if sign.isdigit()).removeprefix("0")
