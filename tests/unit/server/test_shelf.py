import pytest
from tests import bundles

from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.core.errors import DamagedError, UnknownObjectError
from sluiceway.server.shelf import shelve, take


@pytest.fixture
def objects():
    return ObstoreObjects.memory()


def test_what_was_shelved_is_taken_to_the_byte(objects):
    model = bundles.logistic()
    served = bundles.shelved(objects, model, "v7", role="baseline", threshold=0.2)
    bundle, onnx = take(served, objects)
    assert (bundle, onnx) == (bundles.made(model, role="baseline", threshold=0.2), model)
    assert (served.version, served.role, served.bundle) == ("v7", "baseline", bundle.content_id)
    assert served.key == f"bundles/{bundle.content_id}.json"


def test_shelving_again_changes_nothing(objects):
    first = bundles.shelved(objects, bundles.logistic())
    assert bundles.shelved(objects, bundles.logistic()) == first
    assert [info.key for info in objects.list("bundles")] == [first.key]


def test_a_bundle_without_its_model_is_not_shelved(objects):
    with pytest.raises(UnknownObjectError, match="models/"):
        shelve(bundles.made(bundles.logistic()), "v1", objects)
    assert objects.list("bundles") == []


@pytest.mark.parametrize("which", ["bundle", "model"])
def test_one_flipped_bit_is_damage(objects, which):
    served = bundles.shelved(objects, bundles.logistic())
    key = served.key if which == "bundle" else take(served, objects)[0].onnx
    data = bytearray(objects.get(key))
    data[len(data) // 2] ^= 1
    objects.put(key, bytes(data))
    with pytest.raises(DamagedError, match=f"{key} is damaged"):
        take(served, objects)


def test_another_bundle_under_the_same_key_is_refused(objects):
    one = bundles.shelved(objects, bundles.logistic())
    other = bundles.shelved(objects, bundles.flipped())
    swapped = type(one)(one.version, one.role, one.bundle, other.key, other.sha256)
    with pytest.raises(DamagedError, match="holds bundle"):
        take(swapped, objects)


def test_what_is_no_bundle_says_so(objects):
    from sluiceway.core.digest import sha256_hex

    served = bundles.shelved(objects, bundles.logistic())
    objects.put(served.key, b"{}")
    with pytest.raises(DamagedError, match="no bundle of this version"):
        take(type(served)(served.version, served.role, served.bundle, served.key, sha256_hex(b"{}")), objects)


def test_a_bundle_that_is_gone_is_unknown(objects):
    served = bundles.shelved(objects, bundles.logistic())
    with pytest.raises(UnknownObjectError, match="bundles/"):
        take(served, ObstoreObjects.memory())
