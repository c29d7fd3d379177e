"""The five bytes before a message, and where a Protobuf message's type lies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluiceway.plans.wire_frame import message_path, unframed


def zigzag(number):
    raw, out = (number << 1) ^ (number >> 63), bytearray()
    while raw > 0x7F:
        out.append(raw & 0x7F | 0x80)
        raw >>= 7
    return bytes([*out, raw])


@given(st.integers(0, 2**32 - 1), st.binary(max_size=9))
def test_a_number_is_read_back(number, rest):
    assert unframed(b"\0" + number.to_bytes(4) + rest) == (number, 5)


@pytest.mark.parametrize("value", [b"", b"\0\0\0\0", b'{"a": 1}', b"\1\0\0\0\1"])
def test_other_bytes_are_refused(value):
    with pytest.raises(ValueError, match="does not begin with 0"):
        unframed(value)


@given(st.lists(st.integers(0, 2**20), min_size=1, max_size=32), st.binary(max_size=5))
def test_a_path_is_read_back(path, rest):
    written = zigzag(len(path)) + b"".join(map(zigzag, path))
    assert message_path(b"....." + written + rest, 5) == (tuple(path), 5 + len(written))


@given(st.binary(max_size=12))
def test_any_bytes_are_a_path_or_refused(value):
    try:
        path, place = message_path(value, 0)
    except ValueError:
        return
    assert path
    assert 0 < place <= len(value)


def test_a_path_of_millions_is_refused():
    with pytest.raises(ValueError, match="types deep"):
        message_path(zigzag(1_000_000), 0)
