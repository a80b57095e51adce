"""What Skylark sells: a week in Lisbon, always some ten weeks from now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

CURRENCY = "EUR"
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Airport:
    """Where a flight starts or ends, and whose clock its times are told by."""

    code: str
    city: str
    country: str
    zone: ZoneInfo

    def at(self, day: date, clock: str) -> datetime:
        """Return the moment when the clock of this airport shows `clock` on `day`."""
        return datetime.combine(day, time.fromisoformat(clock), self.zone)


BERLIN = Airport("BER", "Berlin", "DE", ZoneInfo("Europe/Berlin"))
LISBON = Airport("LIS", "Lisbon", "PT", ZoneInfo("Europe/Lisbon"))
PARIS = Airport("CDG", "Paris", "FR", ZoneInfo("Europe/Paris"))


@dataclass(frozen=True, slots=True)
class Flight:
    """One take-off and one landing; both times carry the offset of their own airport."""

    number: str
    origin: Airport
    destination: Airport
    departs: datetime
    arrives: datetime

    @property
    def duration(self) -> timedelta:
        """The time in the air and on the runways, whatever the clocks on the walls say."""
        return self.arrives - self.departs

    @property
    def days_later(self) -> int:
        """How many dates after the departure the arrival is: 1 for a flight over midnight."""
        return (self.arrives.date() - self.departs.date()).days


@dataclass(frozen=True, slots=True)
class Journey:
    """One direction of the trip: its flights in their order."""

    title: str
    flights: tuple[Flight, ...]

    @property
    def origin(self) -> Airport:
        """Where the journey starts."""
        return self.flights[0].origin

    @property
    def destination(self) -> Airport:
        """Where the journey ends."""
        return self.flights[-1].destination

    @property
    def departs(self) -> datetime:
        """When the first flight leaves."""
        return self.flights[0].departs

    @property
    def arrives(self) -> datetime:
        """When the last flight lands."""
        return self.flights[-1].arrives

    @property
    def waits(self) -> tuple[timedelta, ...]:
        """The time on the ground after each flight but the last."""
        return tuple(
            after.departs - before.arrives
            for before, after in zip(self.flights, self.flights[1:], strict=False)
        )


@dataclass(frozen=True, slots=True)
class Fare:
    """What the tickets of some travellers cost together, in cents, taxes included."""

    label: str
    travellers: int
    cents: int


@dataclass(frozen=True, slots=True)
class Trip:
    """Everything a customer buys from the shop itself."""

    outbound: Journey
    inbound: Journey
    adults: Fare
    children: Fare

    @property
    def journeys(self) -> tuple[Journey, Journey]:
        """Both directions, there and back."""
        return self.outbound, self.inbound

    @property
    def fares(self) -> tuple[Fare, Fare]:
        """The lines of the bill."""
        return self.adults, self.children

    @property
    def tickets_cents(self) -> int:
        """What all tickets cost together."""
        return sum(fare.cents for fare in self.fares)

    @property
    def nights(self) -> int:
        """How many nights are spent away, the one in the air not counted."""
        return (self.inbound.departs.date() - self.outbound.arrives.date()).days


def plan_trip(today: date) -> Trip:
    """Return the trip of the shop window: Saturday to Saturday, about ten weeks after `today`."""
    out = _next_saturday(today + timedelta(weeks=10))
    back = out + timedelta(weeks=1)
    night = back + timedelta(days=1)
    there = Flight("ZZ 1204", BERLIN, LISBON, BERLIN.at(out, "08:10"), LISBON.at(out, "11:05"))
    home_1 = Flight("ZZ 2318", LISBON, PARIS, LISBON.at(back, "17:50"), PARIS.at(back, "21:25"))
    home_2 = Flight("ZZ 2371", PARIS, BERLIN, PARIS.at(back, "22:35"), BERLIN.at(night, "00:20"))
    return Trip(
        outbound=Journey("Outbound", (there,)),
        inbound=Journey("Return", (home_1, home_2)),
        adults=Fare("2 adults", 2, 936_40),
        children=Fare("1 child", 1, 348_20),
    )


def describe_purchase(trip: Trip, reference: str) -> dict[str, Any]:
    """Return the trip in the words of the insurance service; `reference` is the checkout's own."""
    return {
        "currency": CURRENCY,
        "customer_country": trip.outbound.origin.country,
        "customer_language": "en",
        "partner_reference": reference,
        "request": [
            {
                "policy_type": "travel_protection",
                "departure_country": trip.outbound.origin.country,
                "destination_country": trip.outbound.destination.country,
                "is_return": True,
                "trip_start_date": trip.outbound.departs.isoformat(),
                "trip_end_date": trip.inbound.arrives.isoformat(),
                # A number as JSON spells it; the shop itself counts in cents.
                "total_tickets_price": trip.tickets_cents / 100,
                "number_of_adults": trip.adults.travellers,
                "number_of_children": trip.children.travellers,
                "number_of_infants": 0,
                "flights": [_describe_journey(journey) for journey in trip.journeys],
            }
        ],
    }


def _describe_journey(journey: Journey) -> dict[str, Any]:
    return {
        "departure_country": journey.origin.country,
        "departure_city": journey.origin.city,
        "arrival_city": journey.destination.city,
        "departure_datetime": journey.departs.isoformat(),
        "arrival_datetime": journey.arrives.isoformat(),
        "legs": [_describe_flight(flight) for flight in journey.flights],
    }


def _describe_flight(flight: Flight) -> dict[str, str]:
    return {
        "flight_number": flight.number.replace(" ", ""),
        "departure_airport": flight.origin.code,
        "arrival_airport": flight.destination.code,
        "departure_country": flight.origin.country,
        "arrival_country": flight.destination.country,
        "departure_datetime": flight.departs.isoformat(),
        "arrival_datetime": flight.arrives.isoformat(),
    }


def _next_saturday(day: date) -> date:
    return day + timedelta(days=(SATURDAY - day.weekday()) % 7)
