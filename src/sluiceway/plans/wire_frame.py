"""The wire frame: how a message says, in five bytes before its own, with which registered schema it was written.

It is that of Confluent's serializers: a zero byte, then the schema's number as a big-endian integer of 32 bits. A
Protobuf message goes on with the place of its type in the schema's file: a count and so many indices as zigzag
variable-length integers, of which a lone 0 says the first type.
"""

MAGIC = 0
NUMBER_ENDS = 5
DEEPEST = 32
MOST_BITS = 35
LESS_IS_CUT = "it is cut short"


def unframed(value: bytes) -> tuple[int, int]:
    """Return the number of a message's schema, and the place where the message itself begins.

    Raises:
        ValueError: the bytes do not begin so.

    >>> unframed(bytes([0, 0, 0, 0, 7, 99]))
    (7, 5)
    """
    if len(value) < NUMBER_ENDS or value[0] != MAGIC:
        begin = value[:NUMBER_ENDS].hex() or "nothing"
        raise ValueError(f"it does not begin with 0 and a schema's number, but with {begin}")
    return int.from_bytes(value[1:NUMBER_ENDS]), NUMBER_ENDS


def message_path(value: bytes, place: int) -> tuple[tuple[int, ...], int]:
    """Read which type of its file a Protobuf message is, as indices from the outermost in, and where it begins.

    Raises:
        ValueError: the bytes end too early, or the path is too deep.

    >>> message_path(bytes([0]), 0), message_path(bytes([4, 2, 0]), 0)
    (((0,), 1), ((1, 0), 3))
    """
    count, place = _zigzag(value, place)
    if not 0 <= count <= DEEPEST:
        raise ValueError(f"its type is said to lie {count} types deep; the most is {DEEPEST}")
    path = []
    for _ in range(count):
        index, place = _zigzag(value, place)
        path.append(index)
    return tuple(path) or (0,), place


def _zigzag(value: bytes, place: int) -> tuple[int, int]:
    raw = shift = 0
    while shift < MOST_BITS:
        if place >= len(value):
            raise ValueError(LESS_IS_CUT)
        byte = value[place]
        place += 1
        raw |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return (raw >> 1) ^ -(raw & 1), place
        shift += 7
    raise ValueError("a number in it is longer than 5 bytes")
