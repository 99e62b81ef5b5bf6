"""The three areas that the administration works on, from the page that it published.

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
    """A text that may name the Swedish term, as ``%(term)s``."""
    term: str = ""
    """The administration's own word for it."""


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
        purpose=N_("Vi vill att undervisningen blir bättre, så att eleverna lär sig mer."),
        summary=(
            N_("Vi vill att eleverna ska lära sig mer i skolan."),
            N_("Därför vill vi att undervisningen blir bättre."),
            N_(
                "Vi arbetar med personalens kunskaper, med samarbete och med rektorernas ledarskap."
            ),
        ),
        measures=(
            Measure(
                N_("Vi arbetar för att skolorna ska ha personal med rätt kunskaper"),
                N_(
                    "Det kallas %(term)s. Det betyder att det ska finnas tillräckligt många som"
                    " har de kunskaper som skolan behöver."
                ),
                term="kompetensförsörjning",
            ),
            Measure(
                N_("Vi ser till att personalen lär av varandra och samarbetar, på alla nivåer"),
                N_(
                    "Det kallas %(term)s. Det bygger på forskning, på erfarenhet som har visat"
                    " sig fungera och på kunskap om det som händer i omvärlden."
                ),
                term="kollegialt lärande",
            ),
            Measure(
                N_("Vi ger rektorerna bra möjligheter att leda undervisningen"),
                N_(
                    "Det kallas %(term)s. Det betyder att rektorn leder arbetet med hur eleverna"
                    " lär sig och får undervisning."
                ),
                term="pedagogiskt ledarskap",
            ),
        ),
    ),
    Area(
        slug="omraden/styrning",
        pictogram="compass",
        heading=N_("Tydligare ansvar, styrning och ledning"),
        purpose=N_(
            "Vi vill att det ska vara tydligt vem som ansvarar, styr och leder, så att elevernas"
            " kunskapsresultat blir bättre."
        ),
        summary=(
            N_("Vi vill att eleverna ska få bättre resultat i skolan."),
            N_("Därför vill vi att det ska vara tydligt vem som ansvarar för vad."),
            N_("Vi följer också upp arbetet i skolorna, så att det kan bli bättre."),
        ),
        measures=(
            Measure(
                N_("Vi fokuserar på de nationella målen och på att utveckla undervisningen"),
                N_("De nationella målen gäller för skolor i hela landet."),
            ),
            Measure(
                N_("Vi gör det tydligt vem som har vilket uppdrag, vilken roll och vilket ansvar"),
                N_(
                    "De som styr och leder skolan på olika nivåer hör ihop som i en kedja. Det"
                    " kallas %(term)s. Vi vill att alla i kedjan vet vad de ansvarar för."
                ),
                term="styrkedjan",
            ),
            Measure(
                N_("Vi följer upp och förbättrar arbetet på ett ordnat sätt"),
                N_(
                    "Det kallas %(term)s. Det betyder att planera, följa upp och förbättra, om"
                    " och om igen."
                ),
                term="systematiskt kvalitetsarbete",
            ),
        ),
    ),
    Area(
        slug="omraden/likvardighet",
        pictogram="scales",
        heading=N_("Ökad likvärdighet mellan skolor"),
        purpose=N_(
            "Vi vill att alla elever ska få undervisning av hög kvalitet. Elever har olika"
            " förutsättningar, och vi vill att skolan väger upp skillnaderna."
        ),
        summary=(
            N_("Vi vill att alla elever ska få bra undervisning, vilken skola de än går i."),
            N_("Elever har olika förutsättningar, och vi vill att skolan väger upp skillnaderna."),
            N_(
                "Vi vill att fler skolor tar emot nyanlända elever och att resurserna gör"
                " skolorna mer likvärdiga."
            ),
        ),
        measures=(
            Measure(
                N_("Vi arbetar för att fler skolor ska ta emot nyanlända elever"),
                N_(
                    "Nyanlända elever är elever som har flyttat till Sverige för inte så länge"
                    " sedan. Målet är att de går på fler skolor, inte bara på några få."
                ),
            ),
            Measure(
                N_("Vi arbetar för att skolvalet ska dela upp eleverna mindre"),
                N_(
                    "Skolval är när vårdnadshavare väljer skola åt sitt barn. När elever med"
                    " olika bakgrund går i olika skolor kallas det %(term)s."
                ),
                term="skolsegregation",
            ),
            Measure(
                N_("Vi fördelar resurser så att skolorna blir mer likvärdiga"),
                N_(
                    "Resurser är till exempel pengar och personal. Skolor kan behöva olika mycket"
                    " för att alla elever ska få bra undervisning."
                ),
            ),
        ),
    ),
)
