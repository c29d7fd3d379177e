"""Streams of a real Kinesis server, as those who write to it and look into it see them."""

import json
import time

from sluiceway.adapters.kinesis_wire import KinesisWire, Shard

REGION = "eu-central-1"
PATIENCE_S = 30


class KinesisThere:
    """One region of an endpoint of Kinesis; each has streams of its own."""

    def __init__(self, endpoint: str, region: str = REGION) -> None:
        self.endpoint, self.region = endpoint, region

    def address(self, endpoint: str | None = None) -> str:
        """How settings name it, perhaps by way of another endpoint."""
        return f"kinesis://{self.region}?endpoint={endpoint or self.endpoint}"

    def wire(self) -> KinesisWire:
        """What speaks to it."""
        return KinesisWire(self.region, endpoint=self.endpoint, shown="the shown place")

    def create(self, stream: str, shards: int = 1) -> None:
        """Make a stream."""
        self.wire()._client.create_stream(StreamName=stream, ShardCount=shards)

    def send(self, stream: str, values: list[bytes], keys: list[str] | None = None) -> None:
        """Send records in their order."""
        for at in range(0, len(values), 500):
            mine = values[at : at + 500]
            named = keys[at : at + 500] if keys else ["k"] * len(mine)
            records = [{"Data": value, "PartitionKey": key} for value, key in zip(mine, named, strict=True)]
            assert all(answer.get("SequenceNumber") for answer in self.wire().put(stream, records))

    def read(self, stream: str) -> list[dict[str, object]]:
        """Read what is in a stream of one shard, as JSON, once anything is."""
        wire, deadline = self.wire(), time.monotonic() + PATIENCE_S
        while True:
            found = wire.read(stream, wire.iterator(stream, 0, 0), most=1000).records
            if found:
                return [json.loads(record["Data"]) for record in found]
            assert time.monotonic() < deadline, f"nothing comes of {stream}"
            time.sleep(0.05)

    def shards(self, stream: str) -> list[Shard]:
        """Its shards."""
        return self.wire().shards(stream)
