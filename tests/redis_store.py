"""The online store on Redis as tests open it, and values that are told apart by their stamps."""

from sluiceway.adapters.redis_online import CHUNK_ITEMS, RedisOnline
from sluiceway.adapters.redis_wire import RedisWire

VIEW = "5f" * 32
MANY = [(number.to_bytes(3, "big"), number.to_bytes(16, "big") + b"x" * 100) for number in range(3 * CHUNK_ITEMS)]


def online(server, *, patience_s=0.5, prefix="test", url=None):
    return RedisOnline(
        RedisWire(lambda: url or server.url, shown="the shown place", patience_s=patience_s), prefix=prefix
    )


def value(stamp):
    return stamp.to_bytes(16, "big")
