"""Unserved: what a request hears while there is no model that could answer it, and what is to be done."""

from sluiceway.server.refusal import Refusal


def unserved(*, load_error: str, takes_events: bool) -> Refusal:
    """Refuse a request, as nothing is loaded.

    Args:
        load_error: Why the model that should answer could not be loaded.
        takes_events: Whether the server runs without a model on purpose, for events.
    """
    if load_error:
        why = "the model that should answer cannot be loaded; GET /health says why"
    elif takes_events:
        why = (
            "none is registered, and this server takes events alone. Make one by sluiceway run, "
            "then put it into service by sluiceway rollout start, or by starting this server again"
        )
    else:
        return Refusal(503, "no model is loaded yet; try again shortly")
    return Refusal(503, f"no model is in service: {why}")
