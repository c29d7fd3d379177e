"""A DynamoDB table: items in batches, what was left unprocessed asked again, errors told without what they quote."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from typing import Any, TypeAlias, TypeVar

from sluiceway.adapters.dynamo_trouble import (
    CONDITION_FAILED,
    UNKNOWN_TABLE,
    busy,
    code_of,
    explained,
    require_boto3,
)

Item: TypeAlias = dict[str, Any]
T = TypeVar("T")
R = TypeVar("R")

MOST_READ, MOST_WRITTEN = 100, 25
THREADS = 16
LONG_S = 1.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.01, 0.5


class DynamoTable:
    """One table with a text ``p`` and bytes ``k`` as its key. Safe to share between threads.

    Reads are consistent. At each step the service is waited for ``patience_s`` at most; with a second or more it is
    asked up to five times, otherwise once. Credentials and endpoints come as AWS's own tools have them.
    """

    def __init__(self, name: str, *, region: str, shown: str, patience_s: float) -> None:
        self._name = name
        self._region = region
        self._shown = shown
        self._patience_s = patience_s

    def get(self, keys: Sequence[tuple[str, bytes]]) -> dict[tuple[str, bytes], Item]:
        """Read items by key, in requests of up to 100, side by side where one does not do; those that are there.

        Raises:
            TransientError, SourceError: the service is not there, is busy, or refuses.
        """
        parts = list(cut(dict.fromkeys(keys), MOST_READ))
        found: dict[tuple[str, bytes], Item] = {}
        for items in self._each(self._get, parts):
            found |= {(item["p"]["S"], item["k"]["B"]): item for item in items}
        return found

    def put(self, items: Iterable[Item]) -> None:
        """Write items whatever is there, in requests of up to 25. Raises as ``get`` does."""
        self._write([{"PutRequest": {"Item": item}} for item in items])

    def delete(self, keys: Iterable[tuple[str, bytes]]) -> None:
        """Remove items; to remove what is gone changes nothing. Raises as ``get`` does."""
        self._write([{"DeleteRequest": {"Key": key_of(key)}} for key in keys])

    def put_if(self, item: Item, condition: str, values: Mapping[str, Any] | None = None) -> bool:
        """Write an item if a condition holds of what is there; tell whether it did. Raises as ``get`` does."""
        from botocore.exceptions import ClientError  # type: ignore[import-untyped]

        given: dict[str, Any] = {"ExpressionAttributeValues": values} if values else {}
        with self._refusals():
            try:
                self._client.put_item(TableName=self._name, Item=item, ConditionExpression=condition, **given)
            except ClientError as error:
                if code_of(error) == CONDITION_FAILED:
                    return False
                raise
        return True

    def each(self, work: Callable[[T], R], parts: Sequence[T]) -> list[R]:
        """Do work on parts side by side, as far as connections go."""
        return list(self._each(work, parts))

    def query(self, place: str) -> Iterator[Item]:
        """Read all items of one ``p``, in the order of their ``k``. Raises as ``get`` does."""
        for page in self._pages(place, {}):
            yield from page["Items"]

    def keys(self, place: str) -> Iterator[tuple[str, bytes]]:
        """Name all items of one ``p``. Raises as ``get`` does."""
        for page in self._pages(place, {"ProjectionExpression": "p, k"}):
            yield from ((item["p"]["S"], item["k"]["B"]) for item in page["Items"])

    def count(self, place: str) -> int:
        """Count all items of one ``p``. Raises as ``get`` does."""
        return sum(int(page["Count"]) for page in self._pages(place, {"Select": "COUNT"}))

    def make(self) -> None:
        """Make the table, paid by request, unless it is there; return once it can be written to.

        Raises:
            TransientError, SourceError: as ``get`` does.
        """
        from botocore.exceptions import ClientError

        with self._refusals():
            try:
                self._client.create_table(
                    TableName=self._name,
                    BillingMode="PAY_PER_REQUEST",
                    KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "k", "KeyType": "RANGE"}],
                    AttributeDefinitions=[
                        {"AttributeName": "p", "AttributeType": "S"},
                        {"AttributeName": "k", "AttributeType": "B"},
                    ],
                )
            except ClientError as error:
                if code_of(error) != "ResourceInUseException":
                    raise
            self._client.get_waiter("table_exists").wait(
                TableName=self._name, WaiterConfig={"Delay": 1, "MaxAttempts": 120}
            )

    def is_there(self) -> bool:
        """Tell whether the table is there. Raises as ``get`` does."""
        from botocore.exceptions import ClientError

        with self._refusals():
            try:
                self._client.describe_table(TableName=self._name)
            except ClientError as error:
                if code_of(error) == UNKNOWN_TABLE:
                    return False
                raise
        return True

    @cached_property
    def _client(self) -> Any:
        require_boto3('online = "dynamodb://…"')
        import boto3  # type: ignore[import-untyped]
        from botocore.config import Config  # type: ignore[import-untyped]

        attempts = 5 if self._patience_s >= LONG_S else 1
        config = Config(
            connect_timeout=self._patience_s,
            read_timeout=self._patience_s,
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=2 * THREADS,
        )
        return boto3.session.Session().client("dynamodb", region_name=self._region, config=config)

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(THREADS, "dynamodb")

    def _each(self, work: Callable[[T], R], parts: Sequence[T]) -> Iterable[R]:
        return self._threads.map(work, parts) if len(parts) > 1 else map(work, parts)

    def _get(self, keys: Sequence[tuple[str, bytes]]) -> list[Item]:
        waiting: dict[str, Any] = {"Keys": [key_of(key) for key in keys], "ConsistentRead": True}
        found: list[Item] = []
        for _ in self._again():
            with self._refusals():
                answer = self._client.batch_get_item(RequestItems={self._name: waiting})
            found += answer["Responses"].get(self._name, [])
            waiting = answer.get("UnprocessedKeys", {}).get(self._name, {})
            if not waiting:
                return found
        raise busy(self._shown, self._patience_s)

    def _write(self, requests: Sequence[Item]) -> None:
        self.each(self._write_some, list(cut(requests, MOST_WRITTEN)))

    def _write_some(self, requests: Sequence[Item]) -> None:
        waiting: Sequence[Item] = list(requests)
        for _ in self._again():
            with self._refusals():
                answer = self._client.batch_write_item(RequestItems={self._name: waiting})
            waiting = answer.get("UnprocessedItems", {}).get(self._name, [])
            if not waiting:
                return
        raise busy(self._shown, self._patience_s)

    def _again(self) -> Iterator[None]:
        """Go on, after pauses that grow, as long as the patience lasts; at least once."""
        until, pause_s = time.monotonic() + self._patience_s, FIRST_PAUSE_S
        yield
        while time.monotonic() + pause_s < until:
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            yield

    def _pages(self, place: str, more: Mapping[str, Any]) -> Iterator[Item]:
        asked: dict[str, Any] = {
            "TableName": self._name,
            "ConsistentRead": True,
            "KeyConditionExpression": "p = :p",
            "ExpressionAttributeValues": {":p": {"S": place}},
            **more,
        }
        while True:
            with self._refusals():
                page = self._client.query(**asked)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (BotoCoreError, ClientError) as error:
            raise explained(error, shown=self._shown, table=self._name, patience_s=self._patience_s) from None


def cut(items: Iterable[T], most: int) -> Iterator[list[T]]:
    """Cut into lists of so many."""
    rest = iter(items)
    while part := list(islice(rest, most)):
        yield part


def key_of(key: tuple[str, bytes]) -> Item:
    """Write a key as the service has it."""
    return {"p": {"S": key[0]}, "k": {"B": key[1]}}
