"""Waiting for something in a page whose policy forbids what Playwright's own waiting needs."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Frame, Page

_WAIT = """async arg => {
  const holds = %s
  const end = performance.now() + 15_000
  while (!holds(arg)) {
    if (performance.now() > end) throw new Error(`never: ${holds}`)
    await new Promise(requestAnimationFrame)
  }
}"""


def wait_for(page: Page | Frame, predicate: str, arg: Any = None) -> None:
    """Return once `predicate`, a JavaScript function of `arg`, holds in the page.

    Looked at before each frame that the browser paints. `wait_for_function` would evaluate text
    again and again, which a page without `unsafe-eval` refuses.
    """
    page.evaluate(_WAIT % predicate, arg)


def wait_for_state(page: Page, state: str) -> None:
    """Return once the offer in a page is in `state`."""
    wait_for(
        page, "state => document.querySelector('insurance-offer').state?.state === state", state
    )
