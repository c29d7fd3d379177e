from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.server.example import keep_example, kept_example


def test_the_newest_request_is_there_once_a_rehearsal_has_kept_one():
    objects = ObstoreObjects.memory()
    assert kept_example(objects) is None
    keep_example(b'{"carrier": "AA"}\n', objects)
    keep_example(b'{"carrier": "UA"}\n', objects)
    assert kept_example(objects) == '{"carrier": "UA"}'
