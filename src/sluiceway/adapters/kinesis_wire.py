"""A Kinesis client: its calls, patient within limits, and its errors told without what they quote."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from sluiceway.adapters.dynamo_trouble import STRANGER, code_of, require_boto3
from sluiceway.core.errors import SourceError, TransientError

PATIENCE_S = 5.0
MADE_S = 60.0
BUSY = (
    "ProvisionedThroughputExceededException", "LimitExceededException", "ThrottlingException", "KMSThrottlingException",
    "RequestLimitExceeded", "InternalFailure", "InternalServerError", "InternalFailureException", "ServiceUnavailable",
)  # fmt: skip
UNKNOWN, EXPIRED, THERE = "ResourceNotFoundException", "ExpiredIteratorException", "ResourceInUseException"
PARENTS = ("ParentShardId", "AdjacentParentShardId")
UNFIT = ("InvalidArgumentException", "ValidationException")


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard by its number; ``parents`` are those whose keys it took over, as far as they are still listed."""

    number: int
    parents: frozenset[int]


class Read(NamedTuple):
    """What one request read: records, the iterator that goes on, empty at a shard's end, and how far behind it is."""

    records: Sequence[dict[str, Any]]
    iterator: str
    behind_ms: int


class ExpiredIteratorError(Exception):
    """An iterator was not used for five minutes."""


class KinesisWire:
    """Calls of one region. Safe to share between threads. Each takes up to ten seconds, and is not repeated.

    Credentials come as AWS's own tools have them. Every call raises ``SourceError`` where the service refuses, and
    ``TransientError`` where it is busy or not there.
    """

    def __init__(self, region: str, *, endpoint: str = "", shown: str) -> None:
        """Name a region, or an endpoint in its place; nothing is asked yet."""
        self._region, self._endpoint, self._shown = region, endpoint, shown

    def shards(self, stream: str) -> list[Shard]:
        """List a stream's shards, closed ones too while their records are kept."""
        found: list[dict[str, Any]] = []
        asked = {"StreamName": stream}
        while True:
            answer = self._call(stream, "list_shards", **asked)
            found += answer["Shards"]
            if not answer.get("NextToken"):
                break
            asked = {"NextToken": answer["NextToken"]}
        listed = {number_of(each["ShardId"]) for each in found}
        return [
            Shard(
                number_of(each["ShardId"]),
                frozenset(number_of(each[name]) for name in PARENTS if name in each) & listed,
            )
            for each in found
        ]

    def iterator(self, stream: str, shard: int, following: int) -> str:
        """Begin at the record behind ``following`` - 1, or at the oldest kept."""
        asked: dict[str, Any] = {"StreamName": stream, "ShardId": shard_id(shard)}
        oldest = {**asked, "ShardIteratorType": "TRIM_HORIZON"}
        if following:
            asked |= {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": str(following - 1)}
            try:
                return str(self._call(stream, "get_shard_iterator", **asked)["ShardIterator"])
            except _UnfitError:  # no number of this shard any more: what is older than asked is left out by who asked
                pass
        return str(self._call(stream, "get_shard_iterator", **oldest)["ShardIterator"])

    def read(self, stream: str, iterator: str, *, most: int) -> Read:
        """Read on.

        Raises:
            ExpiredIteratorError: the iterator is too old.
        """
        answer = self._call(stream, "get_records", ShardIterator=iterator, Limit=most)
        return Read(answer["Records"], answer.get("NextShardIterator") or "", int(answer.get("MillisBehindLatest", 0)))

    def put(self, stream: str, records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Add records, 500 at most; return what was said of each."""
        answer = self._call(stream, "put_records", StreamName=stream, Records=list(records))
        return list(answer["Records"])

    def has(self, stream: str) -> bool:
        """Whether a stream is there."""
        try:
            self._state(stream)
        except _UnknownError:
            return False
        return True

    def make(self, stream: str) -> None:
        """Make a stream of one shard, unless it is there; return once it can be used."""
        try:
            self._call(stream, "describe_stream_summary", StreamName=stream)
        except _UnknownError:
            self._call(stream, "create_stream", StreamName=stream, ShardCount=1)
        until = time.monotonic() + MADE_S
        while self._state(stream) not in {"ACTIVE", "UPDATING"}:
            if time.monotonic() > until:
                raise TransientError(f"{self._shown}: stream {stream!r} is being made, and not ready; try again")
            time.sleep(1.0)

    def _state(self, stream: str) -> str:
        answer = self._call(stream, "describe_stream_summary", StreamName=stream)
        return str(answer["StreamDescriptionSummary"]["StreamStatus"])

    @cached_property
    def _client(self) -> Any:
        require_boto3('events = "kinesis://…"')
        import boto3  # type: ignore[import-untyped]
        from botocore.config import Config  # type: ignore[import-untyped]

        config = Config(
            connect_timeout=PATIENCE_S,
            read_timeout=PATIENCE_S,
            retries={"mode": "standard", "total_max_attempts": 1},
            max_pool_connections=32,
        )
        given = {"endpoint_url": self._endpoint} if self._endpoint else {}
        return boto3.session.Session().client("kinesis", region_name=self._region, config=config, **given)

    def _call(self, stream: str, name: str, **asked: object) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

        try:
            answer: dict[str, Any] = getattr(self._client, name)(**asked)
        except (BotoCoreError, ClientError) as error:
            raise self._explained(error, stream) from None
        return answer

    def _explained(self, error: Exception, stream: str) -> Exception:
        from botocore import exceptions  # type: ignore[import-untyped]

        code = code_of(error)
        no_keys = isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError)
        if code == EXPIRED:
            return ExpiredIteratorError()
        if no_keys or code.startswith(STRANGER):
            return SourceError(
                f"{self._shown} lets nobody in to stream {stream!r} by these credentials; check AWS_ACCESS_KEY_ID, or "
                "the profile"
            )
        if code == UNKNOWN:
            return _UnknownError(f"{self._shown} has no stream {stream!r}; create it with its shards first")
        if code in BUSY or code == THERE:
            return TransientError(f"{self._shown} is busy: {code} of stream {stream!r}; try again")
        if isinstance(error, exceptions.ConnectionError | exceptions.HTTPClientError):
            return TransientError(f"{self._shown} is not there; check its region, the network and the service")
        kind = _UnfitError if code in UNFIT else SourceError
        return kind(f"{self._shown} refuses a request about stream {stream!r}: {code or type(error).__name__}")


class _UnknownError(SourceError):
    """There is no such stream."""


class _UnfitError(SourceError):
    """The service makes nothing of what was asked."""


def number_of(shard: str) -> int:
    """Read a shard's number."""
    return int(shard.rpartition("-")[2])


def shard_id(number: int) -> str:
    """Write a shard's number as the service does."""
    return f"shardId-{number:012d}"
