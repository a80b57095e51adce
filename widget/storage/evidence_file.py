"""The evidence in a SQLite file: leaves, shown pages, roots; and the erasing that spares them."""

from __future__ import annotations

from widget.erasures import Erasure
from widget.evidence import Entry, Leaf
from widget.roots import Root
from widget.showings import Showing, StoredPage
from widget.storage import changes, erasures, pages, rows
from widget.storage.connections import translated
from widget.storage.database_file import DatabaseFile


class EvidenceFile(DatabaseFile):
    """Keeps the evidence; see `base.Storage` for what each method promises."""

    # -- evidence

    async def list_evidence(self, partner_code: str, offer_id: str) -> list[Leaf]:
        """Return the leaves of an offer."""
        return [entry.leaf for entry in await self.list_entries_of(partner_code, offer_id)]

    async def list_entries(self, *, after: int, limit: int) -> list[Entry]:
        """Return leaves at their places."""
        found = self._all(
            "SELECT * FROM evidence WHERE position > :after ORDER BY position LIMIT :limit",
            {"after": after, "limit": limit},
        )
        return [rows.entry_from(row) for row in found]

    async def list_entries_of(self, partner_code: str, offer_id: str) -> list[Entry]:
        """Return the leaves of an offer at their places."""
        found = self._all(
            "SELECT * FROM evidence WHERE partner_code = :code AND offer_id = :id"
            " ORDER BY position",
            {"code": partner_code, "id": offer_id},
        )
        return [rows.entry_from(row) for row in found]

    async def count_leaves_ever(self) -> int:
        """Return the highest place that a leaf ever had."""
        row = self._one("SELECT seq FROM sqlite_sequence WHERE name = 'evidence'", {})
        return row["seq"] if row else 0

    async def has_shown(self, partner_code: str, offer_id: str, content: str) -> bool:
        """Tell whether an offer was shown with this content before."""
        with translated():
            return pages.has_shown(self._reading, partner_code, offer_id, content)

    async def save_showing(self, showing: Showing) -> bool:
        """Store what a shopper is shown."""
        return await self._do(lambda db: pages.save_showing(db, showing))

    async def list_pages(self, *, after: int, limit: int) -> list[StoredPage]:
        """Return pages at their places."""
        with translated():
            return pages.list_pages(self._reading, after=after, limit=limit)

    async def find_root(self) -> Root | None:
        """Return the newest root."""
        row = self._one("SELECT * FROM roots ORDER BY size DESC LIMIT 1", {})
        return rows.root_from(row) if row else None

    async def list_roots(self) -> list[Root]:
        """Return all roots."""
        return [rows.root_from(row) for row in self._all("SELECT * FROM roots ORDER BY size")]

    async def save_root(self, root: Root) -> bool:
        """Store a root."""
        return await self._do(lambda db: changes.save_root(db, root))

    # -- people

    async def find_bookings_of(self, email: str) -> list[tuple[str, str]]:
        """Return partner and id of each booking that names an e-mail address."""
        with translated():
            return erasures.find_bookings_of(self._reading, email)

    async def erase_people(self, partner_code: str, offer_id: str, leaf: Leaf) -> Erasure:
        """Erase all that may hold a person of an offer."""
        return await self._do(
            lambda db: erasures.erase_people(db, partner_code, offer_id, leaf, now=self.now())
        )
