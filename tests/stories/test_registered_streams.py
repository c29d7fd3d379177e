"""Avro messages over a real broker, whose schemas a registry over HTTP knows, while these change under the worker."""

import io
import json

import pytest
from fastavro import parse_schema, schemaless_writer
from tests.kafka_broker import Broker
from tests.schema_server import SchemaServer
from tests.streamed_project import BEGIN, end, events, expected, until

MICROSECOND = 1_000_000
TIME = {"type": "long", "logicalType": "timestamp-micros"}
CARRIER, DELAY, AT = (
    {"name": "carrier", "type": "string"}, {"name": "delay", "type": "long"}, {"name": "landed_at", "type": TIME},
)  # fmt: skip
OLD = {"type": "record", "name": "Landing", "fields": [CARRIER, DELAY, AT]}
WIDER = {**OLD, "fields": [{"name": "gate", "type": ["null", "string"], "default": None}, AT, DELAY, CARRIER]}
RENAMED = {**OLD, "fields": [CARRIER, {"name": "late_by", "type": "long"}, AT]}
SCHEMAS = {1: OLD, 2: WIDER, 3: RENAMED}


@pytest.fixture
def registry():
    made = SchemaServer()
    made.login = "app:s3cret"
    made.schemas = {number: {"schema": json.dumps(schema)} for number, schema in SCHEMAS.items()}
    yield made
    made.close()


@pytest.fixture
def broker():
    made = Broker()
    made.create("landings", 1)
    yield made
    made.kill()


@pytest.fixture
def project(streamed, tmp_path, broker, registry):
    address = {"SLUICEWAY_EVENTS": f"kafka://{broker.servers}", "SCHEMAS_PASSWORD": "s3cret"}
    project = streamed.copied(tmp_path / "project", **address)
    pipeline = project.folder / "pipeline.py"
    pipeline.write_text(pipeline.read_text().replace('lateness="10m"', 'format="avro", lateness="10m"'))
    settings = 'schemas = "http://app:${SCHEMAS_PASSWORD}@HOST"\n'.replace("HOST", registry.host)
    (project.folder / "sluiceway.toml").write_text(settings)
    return project


def avro(number, landings):
    """Landings as messages of one schema, framed as Confluent's serializers do."""
    schema, begin = parse_schema(SCHEMAS[number]), int(BEGIN.timestamp()) * MICROSECOND
    for each in landings:
        stream = io.BytesIO()
        row = {"carrier": each["carrier"], "delay": each["delay"], "landed_at": begin + each["at"] * MICROSECOND}
        schemaless_writer(stream, schema, {**row, "late_by": each["delay"], "gate": "A4"})
        yield b"\0" + number.to_bytes(4) + stream.getvalue()


def test_compatible_schemas_go_on_and_others_are_set_aside(project, broker, registry):
    landings = events(900)
    broker.send("landings", 0, [*avro(1, landings[:300]), *avro(3, landings[300:302]), b"\0\0\0\0\11!"])
    worker = project.worker()
    until(lambda: project.partitions()[0]["events"] == 303, what="303 messages learnt")
    registry.status = 503  # the registry is down when the first message of the next schema comes: nothing is lost
    broker.send("landings", 0, list(avro(2, landings[300:])))
    until(lambda: "/schemas/ids/2" in registry.asked, what="the second schema asked for")
    registry.status = None
    until(lambda: project.partitions()[0]["events"] == 903, what="all messages learnt")
    assert "s3cret" not in end(worker)
    assert (project.partitions()[0]["dead"], project.served()) == (3, expected(landings))
    dead = broker.read("landings.dead")
    whys = [headers["why"] for _, headers in dead]
    assert [headers["offset"] for _, headers in dead] == ["300", "301", "302"]
    assert whys[0] == "column 'delay' is missing"
    assert whys[2] == "schema 9: the registry has no schema of this number"


def test_a_stream_of_avro_asks_for_its_registry(project):
    (project.folder / "sluiceway.toml").write_text("")
    told = project_says(project, 2)
    assert "who knows them: schemas = " in told
    (project.folder / "sluiceway.toml").write_text('schemas = "http://app:s3cret@there"\n')
    told = project_says(project, 2)
    assert "spells a password out" in told
    assert "s3cret" not in told


def project_says(project, code):
    import subprocess

    from tests.streamed_project import COMMAND

    done = subprocess.run(
        [COMMAND, "stream", "run", "--until-idle"], cwd=project.folder, env=project.environment, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return done.stderr
