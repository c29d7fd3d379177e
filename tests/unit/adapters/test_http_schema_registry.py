"""The HTTP registry: asked once for a number; its failing is no message's fault; its secrets are never said."""

import pytest
from tests.schema_server import SchemaServer

from sluiceway.adapters.http_schema_registry import HttpSchemaRegistry
from sluiceway.core.errors import SourceError, TransientError, UnknownNameError
from sluiceway.ports.schema_registry import PROTOBUF


@pytest.fixture
def server():
    made = SchemaServer()
    made.schemas[1] = {"schema": '{"type":"record","name":"A","fields":[]}'}
    yield made
    made.close()


def registry(server, login="", environment=None):
    return HttpSchemaRegistry(f"http://{login}{server.host}/", environment or {}, timeout_s=0.5)


def test_a_number_is_asked_for_once(server):
    made = registry(server)
    assert {made.schema(1) for _ in range(3)} == {made.schema(1)}
    assert server.asked == ["/schemas/ids/1"]


def test_protobuf_is_asked_for_as_it_is_compiled(server):
    server.schemas[2] = {"schema": "Zm9v", "schemaType": PROTOBUF}
    assert registry(server).schema(2).text == "Zm9v"
    assert server.asked[-1] == "/schemas/ids/2?format=serialized"


def test_schemas_that_refer_to_each_other_come_to_an_end(server):
    server.schemas[3] = {"schema": "{}", "references": [{"name": "x", "subject": "x", "version": 1}]}
    server.subjects["x", 1] = {"schema": "x", "references": [{"name": "x", "subject": "x", "version": 1}]}
    assert registry(server).schema(3).references == ("x",)


def test_a_reference_that_is_not_there_is_named(server):
    server.schemas[3] = {"schema": "{}", "references": [{"name": "x", "subject": "a/b", "version": 1}]}
    with pytest.raises(SourceError, match=r"subjects/a%2Fb/versions/1, which is not there"):
        registry(server).schema(3)


def test_user_and_password_are_sent_and_never_said(server):
    server.login = "me:s3cret/&"
    known = {"USER_": "me", "PASS": "s3cret/&"}
    assert registry(server, "${USER_}:${PASS}@", known).schema(1).text
    with pytest.raises(SourceError, match=r"401; check user and password") as found:
        registry(server, "${USER_}:${PASS}@", known | {"PASS": "wr0ng"}).schema(1)
    assert "wr0ng" not in str(found.value)
    assert "${PASS}" in str(found.value)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_failing_registry_is_no_messages_fault(server, status):
    made = registry(server)
    server.status = status
    with pytest.raises(TransientError, match=str(status)):
        made.schema(1)
    server.status = None
    assert made.schema(1).text


def test_a_registry_that_is_gone_is_waited_for(server):
    made = registry(server)
    server.close()
    with pytest.raises(TransientError, match="does not answer"):
        made.schema(1)


def test_another_server_is_not_taken_for_one(server):
    server.schemas[1] = {"hello": "world"}
    with pytest.raises(SourceError, match="no schema to GET /schemas/ids/1; check the address"):
        registry(server).schema(1)


@pytest.mark.parametrize("address", ["schemas:8081", "ftp://schemas", "http://"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(SourceError, match="write an address such as"):
        HttpSchemaRegistry(address, {})


def test_a_variable_that_is_not_set_is_named():
    with pytest.raises(SourceError, match=r"\$\{NOT_SET\} is not set"):
        HttpSchemaRegistry("http://${NOT_SET}@schemas", {})


def test_an_unknown_number_is_a_messages_fault(server):
    with pytest.raises(UnknownNameError):
        registry(server).schema(99)
