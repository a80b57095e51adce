"""Enclose with a letter what the contract is made of: certificates, and the documents shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from widget.bookings import Booking, Policy
from widget.certificates import certificate_of, certificate_sheet
from widget.covers import Speech, speech_for
from widget.editions import PDF, Copy
from widget.enclosures import Enclosure, file_name
from widget.errors import SettingInvalid, StorageUnavailable
from widget.links import Links
from widget.press.base import Press
from widget.products import FALLBACK_LOCALE, Catalogue
from widget.sheets import Printing
from widget.storage.base import Storage
from widget.texts import Texts

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Enclosing:
    """What enclosing takes."""

    catalogue: Catalogue
    texts: Texts
    links: Links
    storage: Storage
    press: Press

    async def enclosures(self, booking: Booking) -> Sequence[Enclosure]:
        """Return what goes with a letter about the policies in force.

        The documents are those that the customer was offered the cover with, byte for byte, in the
        language of the choice. What a remote platform serves is not enclosed.

        Raises:
            StorageUnavailable: A document could not be read.
        """
        locale = booking.offer.chosen_locale or FALLBACK_LOCALE
        country = booking.offer.purchase.customer_country
        speech = speech_for(locale, country, self.texts.in_locale(locale))
        certificates = [
            enclosure
            for policy in booking.in_force
            if (enclosure := await self._certificate(booking, policy, speech))
        ]
        documents = [await self._document(copy) for copy in self._copies(booking, speech)]
        return (*certificates, *documents)

    async def _certificate(
        self, booking: Booking, policy: Policy, speech: Speech
    ) -> Enclosure | None:
        """Return a certificate; None when it is a remote platform's, or no font can draw it."""
        if policy.quote.provided is not None:
            return None
        try:
            body = await printed_certificate(booking, policy, speech, self)
        except SettingInvalid as error:
            # The letter links the page, which every browser can show.
            _log.warning("certificate_not_printed", booking=booking.id, problem=str(error))
            return None
        return Enclosure(file_name(policy.number, "pdf"), PDF, body)

    def _copies(self, booking: Booking, speech: Speech) -> Sequence[Copy]:
        """Return the documents of all policies, each once."""
        shelf = self.links.shelf
        quotes = [policy.quote for policy in booking.in_force if policy.quote.provided is None]
        editions = [
            shelf.edition(quote.product_code, quote.product_version, quote.documents)
            for quote in quotes
        ]
        copies = [
            copy
            for edition in editions
            if edition
            for copy in edition.copies_for(speech.locale, speech.paper)
        ]
        return tuple({copy.pdf: copy for copy in copies}.values())

    async def _document(self, copy: Copy) -> Enclosure:
        file = await self.storage.find_file(copy.pdf)
        if file is None:
            raise StorageUnavailable(f"Document {copy.pdf} is not where it was published.")
        return Enclosure(file_name(copy.title, "pdf"), file.media_type, file.body)


async def printed_certificate(
    booking: Booking, policy: Policy, speech: Speech, enclosing: Enclosing
) -> bytes:
    """Return the certificate of a policy as PDF; the same booking gives the same bytes.

    Raises:
        SettingInvalid: A name in it has a character that no font draws.
    """
    certificate = certificate_of(
        booking, policy, catalogue=enclosing.catalogue, links=enclosing.links, speech=speech
    )
    sheet = certificate_sheet(certificate, speech)
    return await enclosing.press.print(Printing(sheet, booking.last_changed_at))
