"""Shown pages in a SQLite database: each beside its leaf, and once for the same content."""

from __future__ import annotations

import apsw

from widget.showings import Showing, StoredPage, WayBack
from widget.storage import rows
from widget.storage.connections import insert, select

_PLACES = (
    "WITH places AS ("
    "SELECT position FROM pages WHERE position > :after"
    " UNION SELECT position FROM ways_back WHERE position > :after"
    " ORDER BY position LIMIT :limit)"
    " SELECT position, packed, salt, address FROM places"
    " LEFT JOIN pages USING (position) LEFT JOIN ways_back USING (position) ORDER BY position"
)


def has_shown(db: apsw.Connection, partner_code: str, offer_id: str, content: str) -> bool:
    """Tell whether an offer was shown with this content before."""
    found = select(
        db,
        "SELECT position FROM evidence WHERE partner_code = :code AND offer_id = :id"
        " AND kind = 'offer_shown' AND json_extract(body, '$.content') = :content LIMIT 1",
        {"code": partner_code, "id": offer_id, "content": content},
    )
    return bool(found)


def save_showing(db: apsw.Connection, showing: Showing | None) -> bool:
    """Store a showing with its leaf; False, and nothing stored, when its content was shown before.

    Of two at once, the second finds the first.
    """
    if showing is None:
        return False
    leaf = showing.leaf
    if has_shown(db, leaf.partner_code, leaf.offer_id, showing.content):
        return False
    insert(db, "evidence", rows.leaf_row(leaf))
    position = db.last_insert_rowid()
    insert(db, "pages", {"position": position, "packed": showing.packed})
    if showing.way_back is not None:
        back = showing.way_back
        row = {"position": position, "salt": back.salt, "address": back.address}
        insert(db, "ways_back", row)
    return True


def list_pages(db: apsw.Connection, *, after: int, limit: int) -> list[StoredPage]:
    """Return stored pages by their places."""
    found = select(db, _PLACES, {"after": after, "limit": limit})
    return [_page_from(row) for row in found]


def _page_from(row: rows.Row) -> StoredPage:
    back = None if row["address"] is None else WayBack(row["address"], row["salt"])
    return StoredPage(row["position"], row["packed"], back)
