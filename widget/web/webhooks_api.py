"""Webhooks: what was sent to the partner's backend, and sending it once more. These are ours."""

from __future__ import annotations

import json

from starlette.responses import Response

from widget.errors import NotFound
from widget.messages import Kind, Outcome, Progress
from widget.web.calls import Call, Json, json_response
from widget.wire import timestamp

#: As many as somebody reads who looks for what went wrong.
NEWEST = 100


async def list_calls(call: Call) -> Response:
    """Answer where events go, and the newest of them with what became of each."""
    webhook = call.caller.partner.webhook_for(call.caller.mode)
    found = await call.house.storage.list_messages(
        call.code, call.caller.mode, kind=Kind.WEBHOOK, limit=NEWEST
    )
    results = [_told(progress) for progress in found]
    return json_response(
        {"url": webhook and webhook.url, "count": len(results), "results": results}
    )


async def redeliver(call: Call) -> Response:
    """Send an event once more, now, and try again as if it had never been sent.

    Raises:
        NotFound: This partner has no such event.
    """
    event_id = call.path()
    if not await call.house.storage.send_again(
        call.code, call.caller.mode, event_id, kind=Kind.WEBHOOK
    ):
        raise NotFound("Event")
    call.house.wake.set()
    return json_response({"event_id": event_id, "state": Outcome.WAITING}, status=202)


def _told(progress: Progress) -> Json:
    message, body = progress.message, json.loads(progress.message.body)
    is_waiting = progress.outcome is Outcome.WAITING
    return {
        "event_id": message.id,
        "event": body["event"],
        "booking_id": message.offer_id,
        "sequence": message.sequence,
        "timestamp": body["timestamp"],
        "state": progress.outcome,
        "failures": message.failures,
        "next_try_at": timestamp(message.due_at) if is_waiting else None,
        "last_problem": progress.problem,
    }
