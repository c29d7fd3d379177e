"""A rehearsal: a real server with a virtual clock, and all that it stands upon, apart from everything live."""

from dataclasses import dataclass

from sluiceway.ports.endpoint import Endpoint
from sluiceway.ports.online_store import OnlineStore
from sluiceway.ports.request_log import RequestLog


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A server under rehearsal: where to ask it, the online store that it reads, and the log that it writes."""

    endpoint: Endpoint
    online: OnlineStore
    log: RequestLog
