"""What tests of several rooms share: real servers, started once for all of them."""

import uuid

import pytest
from tests.kafka_broker import Broker
from tests.kinesis_there import KinesisThere
from tests.s3_server import new_lake, s3_server
from tests.valkey_server import Valkey


@pytest.fixture(scope="session")
def s3_endpoint():
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture
def lake(s3_endpoint):
    """A bucket of the test's own."""
    return new_lake(s3_endpoint, f"lake-{uuid.uuid4().hex[:12]}")


@pytest.fixture(scope="session")
def valkey():
    """A server that nobody kills; whoever uses it takes a prefix of its own."""
    server = Valkey()
    yield server
    server.kill()


@pytest.fixture
def dynamodb(s3_endpoint, monkeypatch):
    """DynamoDB by the same server, found as AWS's own tools find it; whoever uses it takes a table of its own."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", s3_endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key-of-the-table")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-table")
    return s3_endpoint


@pytest.fixture
def kinesis(s3_endpoint, monkeypatch):
    """Kinesis by the same server; whoever uses it makes streams of its own."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key-of-the-stream")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-stream")
    return KinesisThere(s3_endpoint)


@pytest.fixture(scope="session")
def broker():
    """A broker that nobody kills; whoever uses it creates topics of its own."""
    server = Broker()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def spark():
    """Spark on this machine, started once; it interprets its plans, as compiling them takes longer than so few rows."""
    pytest.importorskip("pyspark", reason="pyspark is not installed: make test-spark has it")
    from tests.wide_facts import interpreting

    from sluiceway.adapters.spark_engine import SparkEngine

    engine = interpreting(SparkEngine("spark://local[2]"))
    yield engine
    engine.session().stop()
