"""What tests of several rooms share: a real S3 server, started once for all of them."""

import uuid

import pytest
from tests.s3_server import new_lake, s3_server


@pytest.fixture(scope="session")
def s3_endpoint():
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture
def lake(s3_endpoint):
    """A bucket of the test's own."""
    return new_lake(s3_endpoint, f"lake-{uuid.uuid4().hex[:12]}")
