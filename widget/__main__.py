"""`python -m widget` is the command `offer-widget`."""

from __future__ import annotations

from widget.cli import main

main()
