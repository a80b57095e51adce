"""The merchants of the demonstration: twelve parcels each, in markets of their own."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from .parcels import COURIER, EXPRESS, POST, Parcel, Place


@dataclass(frozen=True, slots=True)
class Desk:
    """One merchant, and what lies on the packing table."""

    code: str
    merchant: str
    first_name: str
    last_name: str
    email: str
    city: str
    country: str
    #: ISO 3166-2, where the law of the country differs by region.
    region: str | None
    zone: ZoneInfo
    currency: str
    parcels: tuple[Parcel, ...]

    def find_parcel(self, reference: str) -> Parcel | None:
        """Return the parcel with this reference, or None."""
        return next((parcel for parcel in self.parcels if parcel.reference == reference), None)


HAMBURG = Place("Hamburg", "DE", "Germany")
MUNICH = Place("Munich", "DE", "Germany")
COLOGNE = Place("Cologne", "DE", "Germany")
VIENNA = Place("Vienna", "AT", "Austria")
LYON = Place("Lyon", "FR", "France")
MADRID = Place("Madrid", "ES", "Spain")
UTRECHT = Place("Utrecht", "NL", "Netherlands")
MALMO = Place("Malmö", "SE", "Sweden")
LEEDS = Place("Leeds", "GB", "United Kingdom")
BRISTOL = Place("Bristol", "GB", "United Kingdom")
GLASGOW = Place("Glasgow", "GB", "United Kingdom")
DUBLIN = Place("Dublin", "IE", "Ireland")
PORTLAND = Place("Portland, OR", "US", "United States")
AUSTIN = Place("Austin, TX", "US", "United States")
CHICAGO = Place("Chicago, IL", "US", "United States")
TORONTO = Place("Toronto", "CA", "Canada")
OSAKA = Place("Osaka", "JP", "Japan")
SYDNEY = Place("Sydney", "AU", "Australia")
SAO_PAULO = Place("São Paulo", "BR", "Brazil")

BERLIN_DESK = Desk(
    code="berlin",
    merchant="Atelier Nordlicht",
    first_name="Mara",
    last_name="Lindqvist",
    email="mara@nordlicht.example",
    city="Berlin",
    country="DE",
    region=None,
    zone=ZoneInfo("Europe/Berlin"),
    currency="EUR",
    parcels=(
        Parcel("NL-4107", HAMBURG, "Pendant lamp, brass", "home", POST, 2_400, 549, 189_00),
        Parcel("NL-4108", MUNICH, "Table lamp, opal glass", "home", EXPRESS, 3_100, 1190, 245_00),
        Parcel("NL-4109", COLOGNE, "Bulb set, six", "home", POST, 650, 449, 48_00),
        Parcel("NL-4110", VIENNA, "Floor lamp, oak", "home", POST, 8_900, 1849, 420_00),
        Parcel("NL-4111", LYON, "Wall light, pair", "home", COURIER, 2_900, 1690, 310_00),
        Parcel("NL-4112", MADRID, "Dimmer and cable kit", "electronics", POST, 800, 1290, 64_50),
        Parcel("NL-4113", UTRECHT, "Reading lamp", "home", POST, 1_700, 1190, 129_00),
        Parcel("NL-4114", MALMO, "Ceiling light, glass", "home", EXPRESS, 5_200, 2990, 560_00),
        Parcel("NL-4115", LEEDS, "Desk lamp, enamel", "home", POST, 1_900, 1590, 149_00),
        Parcel(
            "NL-4116", PORTLAND, "Chandelier, eight arms", "home", EXPRESS, 14_200, 8900, 1_480_00
        ),
        Parcel("NL-4117", OSAKA, "Paper lantern, large", "home", POST, 1_100, 3290, 96_00),
        Parcel("NL-4118", SAO_PAULO, "Pendant lamp, copper", "home", COURIER, 2_600, 4490, 215_00),
    ),
)

LEEDS_DESK = Desk(
    code="leeds",
    merchant="Harbour & Pine",
    first_name="Owen",
    last_name="Castell",
    email="owen@harbourpine.example",
    city="Leeds",
    country="GB",
    region=None,
    zone=ZoneInfo("Europe/London"),
    currency="GBP",
    parcels=(
        Parcel("HP-0931", BRISTOL, "Tent, two people", "outdoor", POST, 3_400, 489, 210_00),
        Parcel("HP-0932", GLASGOW, "Down jacket", "clothing", POST, 900, 389, 165_00),
        Parcel("HP-0933", BRISTOL, "Stove and pots", "outdoor", COURIER, 2_100, 690, 84_00),
        Parcel("HP-0934", GLASGOW, "Rucksack, 60 litres", "outdoor", EXPRESS, 2_300, 990, 145_00),
        Parcel("HP-0935", DUBLIN, "Sleeping bag", "outdoor", POST, 1_300, 990, 178_00),
        Parcel("HP-0936", HAMBURG, "Walking boots", "clothing", POST, 1_800, 1250, 139_00),
        Parcel("HP-0937", UTRECHT, "Folding chairs, four", "outdoor", COURIER, 9_600, 2390, 220_00),
        Parcel("HP-0938", LYON, "Head torch", "electronics", POST, 300, 890, 42_50),
        Parcel("HP-0939", MALMO, "Expedition tent", "outdoor", EXPRESS, 7_800, 3490, 690_00),
        Parcel("HP-0940", TORONTO, "Packraft", "outdoor", EXPRESS, 4_100, 4950, 820_00),
        Parcel("HP-0941", SYDNEY, "Merino base layers", "clothing", POST, 700, 2150, 118_00),
        Parcel("HP-0942", SAO_PAULO, "Climbing rope", "outdoor", POST, 4_300, 3890, 156_00),
    ),
)

PORTLAND_DESK = Desk(
    code="portland",
    merchant="Cascade Audio",
    first_name="June",
    last_name="Alder",
    email="june@cascadeaudio.example",
    city="Portland",
    country="US",
    region="US-OR",
    zone=ZoneInfo("America/Los_Angeles"),
    currency="USD",
    parcels=(
        Parcel("CA-7720", AUSTIN, "Turntable", "electronics", EXPRESS, 8_400, 2450, 640_00),
        Parcel("CA-7721", CHICAGO, "Bookshelf speakers", "electronics", POST, 11_200, 1980, 480_00),
        Parcel("CA-7722", AUSTIN, "Headphones, open", "electronics", POST, 900, 895, 329_00),
        Parcel("CA-7723", CHICAGO, "Phono cartridge", "electronics", POST, 200, 545, 189_00),
        Parcel("CA-7724", AUSTIN, "Tube amplifier", "electronics", EXPRESS, 16_800, 4890, 1_890_00),
        Parcel("CA-7725", CHICAGO, "Speaker cable, 10 m", "electronics", POST, 1_400, 795, 74_00),
        Parcel("CA-7726", TORONTO, "Headphone amplifier", "electronics", POST, 2_100, 2390, 410_00),
        Parcel("CA-7727", TORONTO, "Record brush, set", "home", POST, 300, 1290, 39_00),
        Parcel("CA-7728", LEEDS, "Tonearm", "electronics", EXPRESS, 1_200, 5490, 720_00),
        Parcel("CA-7729", HAMBURG, "Streamer", "electronics", EXPRESS, 3_300, 6290, 860_00),
        Parcel("CA-7730", OSAKA, "Test records, box", "records", POST, 1_900, 4190, 145_00),
        Parcel(
            "CA-7731", SAO_PAULO, "Subwoofer, small", "electronics", COURIER, 12_700, 9890, 530_00
        ),
    ),
)

#: The first is shown to whoever names none.
DESKS = {desk.code: desk for desk in (BERLIN_DESK, LEEDS_DESK, PORTLAND_DESK)}
