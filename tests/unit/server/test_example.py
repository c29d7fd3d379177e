from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.server.example import keep_example, kept_example


def test_the_newest_request_is_there_once_a_rehearsal_has_kept_one():
    objects = ObstoreObjects.memory()
    assert kept_example(objects) is None
    keep_example(b'{"carrier": "AA"}\n', objects)
    keep_example(b'{"carrier": "UA"}\n', objects)
    assert kept_example(objects) == '{"carrier": "UA"}'


def test_sensitive_fields_of_the_example_are_asked_as_not_known():
    objects = ObstoreObjects.memory()
    keep_example(b'{"carrier": "AA", "distance": 4711}', objects, ("distance",))
    assert kept_example(objects) == '{"carrier":"AA","distance":null}'
