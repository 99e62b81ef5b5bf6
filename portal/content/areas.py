"""The three areas that the administration works on, after the page that it published.

The headings are copied from that page; the sentences say the same in plain language.
``N_`` marks a text for translation; templates translate it when they show it.
"""

from dataclasses import dataclass


def N_(text: str) -> str:  # noqa: N802  the name that gettext uses
    """Mark a text for extraction, and return it untranslated."""
    return text


@dataclass(frozen=True)
class Measure:
    """What is done in an area, and what that means."""

    what: str
    meaning: str


@dataclass(frozen=True)
class Area:
    """An area of work, which has a page of its own."""

    slug: str
    pictogram: str
    heading: str
    purpose: str
    summary: tuple[str, str, str]
    """Three easy sentences that open the page."""
    measures: tuple[Measure, ...]


AREAS = (
    Area(
        slug="omraden/undervisning",
        pictogram="book",
        heading=N_("Ökad kvalitet i undervisningen"),
        purpose=N_("Undervisningen ska bli bättre, så att eleverna lär sig mer."),
        summary=(
            N_("Vi vill att eleverna ska lära sig mer i skolan."),
            N_("Därför ska undervisningen bli bättre."),
            N_(
                "Vi arbetar med personalens kunskaper, med samarbete och med rektorernas ledarskap."
            ),
        ),
        measures=(
            Measure(
                N_("Se till att skolorna har personal med rätt kunskaper."),
                N_(
                    "Det kallas att säkra kompetensförsörjningen. Det betyder att det ska finnas"
                    " tillräckligt många som har de kunskaper som skolan behöver."
                ),
            ),
            Measure(
                N_("Låta personalen lära av varandra och samarbeta, på alla nivåer."),
                N_(
                    "Det kallas kollegialt lärande. Det ska bygga på forskning, på erfarenhet"
                    " som har prövats och på kunskap om det som händer i omvärlden."
                ),
            ),
            Measure(
                N_("Ge rektorerna bra möjligheter att leda undervisningen."),
                N_(
                    "Det kallas pedagogiskt ledarskap. Det betyder att rektorn leder arbetet"
                    " med hur eleverna undervisas och lär sig."
                ),
            ),
        ),
    ),
    Area(
        slug="omraden/styrning",
        pictogram="compass",
        heading=N_("Tydligare ansvar, styrning och ledning"),
        purpose=N_(
            "Det ska vara tydligt vem som ansvarar, styr och leder,"
            " så att eleverna får bättre resultat."
        ),
        summary=(
            N_("Vi vill att eleverna ska få bättre resultat i skolan."),
            N_("Därför ska det vara tydligt vem som ansvarar för vad."),
            N_("Vi följer också upp arbetet i skolorna, så att det kan bli bättre."),
        ),
        measures=(
            Measure(
                N_("Hålla fast vid de nationella målen och utveckla undervisningen."),
                N_("De nationella målen gäller för skolor i hela landet."),
            ),
            Measure(
                N_("Göra det tydligt vem som har vilket uppdrag, vilken roll och vilket ansvar."),
                N_(
                    "Det kallas styrkedjan. Den går från politikerna i nämnden, genom"
                    " förvaltningen, till rektorn på skolan."
                ),
            ),
            Measure(
                N_("Följa upp och förbättra arbetet på ett ordnat sätt."),
                N_(
                    "Det kallas systematiskt kvalitetsarbete. Det betyder att planera, följa upp"
                    " och förbättra, om och om igen."
                ),
            ),
        ),
    ),
    Area(
        slug="omraden/likvardighet",
        pictogram="scales",
        heading=N_("Ökad likvärdighet mellan skolor"),
        purpose=N_(
            "Alla elever ska få undervisning av hög kvalitet,"
            " och skolan ska väga upp för att elever har olika förutsättningar."
        ),
        summary=(
            N_("Alla elever ska få bra undervisning, vilken skola de än går i."),
            N_("Elever har olika förutsättningar, och skolan ska väga upp för det."),
            N_("Vi arbetar med hur elever och resurser fördelas mellan skolorna."),
        ),
        measures=(
            Measure(
                N_("Fler skolor ska ta emot nyanlända elever."),
                N_(
                    "Nyanlända elever är elever som har flyttat till Sverige för inte så länge"
                    " sedan. Målet är att de går på fler skolor, inte bara på några få."
                ),
            ),
            Measure(
                N_("Skolvalet ska påverka skolsegregationen mindre."),
                N_(
                    "Skolval är när vårdnadshavare väljer skola åt sitt barn. Skolsegregation"
                    " är när elever med olika bakgrund går i olika skolor."
                ),
            ),
            Measure(
                N_("Fördela resurser så att skolorna blir mer likvärdiga."),
                N_(
                    "Resurser är till exempel pengar och personal. Skolor kan behöva olika"
                    " mycket för att alla elever ska få bra undervisning."
                ),
            ),
        ),
    ),
)
