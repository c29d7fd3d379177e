"""Event keys: a request that is sent again under its key is answered as it was, and its events are not added again."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from hashlib import sha256

from sluiceway.server.refusal import Refusal

MOST = 10_000
LONGEST_KEY = 255
MALFORMED, OTHER_BODY = 400, 422


class EventKeys:
    """Remembers the answers of one event loop's requests, the last 10,000 that had a key; another process has its own.

    One that is under way is waited for. One that failed is forgotten, so that it may be sent again.
    """

    def __init__(self, *, most: int = MOST) -> None:
        """Remember nothing yet."""
        self._most = most
        self._known: OrderedDict[tuple[str, str], tuple[bytes, asyncio.Future[bytes]]] = OrderedDict()

    async def once(self, source: str, key: str, body: bytes, take: Callable[[], Awaitable[bytes]]) -> bytes:
        """Take a body, unless it was taken under this key: then answer as before.

        Raises:
            Refusal: 400 where the key is no key, 422 where it was that of another body; and whatever ``take`` refuses.
        """
        if not key:
            return await take()
        if len(key) > LONGEST_KEY or not key.isprintable():
            raise Refusal(MALFORMED, f"an idempotency-key has {LONGEST_KEY} printable characters at most")
        digest, name = sha256(body).digest(), (source, key)
        known = self._known.get(name)
        if known is not None:
            if known[0] != digest:
                raise Refusal(OTHER_BODY, f"idempotency-key {key!r} was that of another body; give this one its own")
            return await asyncio.shield(known[1])
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._known[name] = (digest, answer)
        try:
            answer.set_result(await take())
        except BaseException as error:
            self._known.pop(name, None)
            answer.set_exception(error if isinstance(error, Refusal) else Refusal(503, "it failed; send it again"))
            answer.exception()  # perhaps nobody waits for it
            raise
        while len(self._known) > self._most:
            self._known.popitem(last=False)
        return answer.result()
