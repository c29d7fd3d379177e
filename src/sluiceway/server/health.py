"""Health: what a server tells of itself to those who watch it."""

from typing import Any

import msgspec

from sluiceway.artifacts.codec import encode
from sluiceway.server.service import Service

OK, NOT_READY = 200, 503


def live(_service: Service) -> tuple[int, bytes]:
    """Tell that the process answers at all."""
    return OK, b'{"live":true}'


def ready(service: Service) -> tuple[int, bytes]:
    """Tell whether there is a model that answers, and a log that can be written."""
    return (OK, b'{"ready":true}') if service.is_ready() else (NOT_READY, b'{"ready":false}')


def summary(service: Service) -> tuple[int, bytes]:
    """Tell who answers, by which rollout state, and why a newer one, the log or the online store fails."""
    serving, is_ready = service.serving, service.is_ready()
    told: dict[str, Any] = {
        "ready": is_ready,
        "scope": service.scope,
        "load_error": service.load_error,
        "log_error": service.log_error,
        "online_error": service.online_error,
    }
    if serving is not None:
        state = serving.state
        told |= {
            "version": state.champion.version,
            "challenger": state.challenger.version if state.challenger else None,
            "share": state.share,
            "sequence": state.sequence,
        }
    return (OK if is_ready else NOT_READY), msgspec.json.encode(told)


def rollout(service: Service) -> tuple[int, bytes]:
    """Show the rollout state that is answered by."""
    serving = service.serving
    return (OK, encode(serving.state)) if serving is not None else (NOT_READY, b'{"error":"no model is loaded yet"}')
