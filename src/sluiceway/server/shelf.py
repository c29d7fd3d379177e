"""The shelf: bundles where servers find them, believed only while every byte is what was put there."""

import msgspec

from sluiceway.artifacts.codec import decode, encode
from sluiceway.artifacts.model_bundle import ModelBundle
from sluiceway.artifacts.rollout_state import Served
from sluiceway.core.digest import sha256_hex
from sluiceway.core.errors import DamagedError, UnknownObjectError
from sluiceway.ports.object_store import ObjectStore


def shelve(bundle: ModelBundle, version: str, objects: ObjectStore) -> Served:
    """Put a bundle on the shelf under its content id; to put it there again changes nothing.

    Raises:
        UnknownObjectError: the store lacks the model's own bytes.
    """
    if not objects.has(bundle.onnx):
        raise UnknownObjectError(bundle.onnx)
    data = encode(bundle)
    key = f"bundles/{bundle.content_id}.json"
    objects.put(key, data)
    return Served(version=version, role=bundle.role, bundle=bundle.content_id, key=key, sha256=sha256_hex(data))


def take(served: Served, objects: ObjectStore) -> tuple[ModelBundle, bytes]:
    """Return a bundle from the shelf with its model's bytes, both checked.

    Raises:
        UnknownObjectError: the bundle or its model is not there.
        DamagedError: one of them is not what was shelved.
    """
    bundle = bundle_of(served, objects)
    return bundle, _checked(bundle.onnx, bundle.onnx_sha256, objects)


def bundle_of(served: Served, objects: ObjectStore) -> ModelBundle:
    """Return a bundle from the shelf, checked, without its model's bytes.

    Raises:
        UnknownObjectError: it is not there.
        DamagedError: it is not what was shelved.
    """
    try:
        bundle = decode(ModelBundle, _checked(served.key, served.sha256, objects))
    except msgspec.DecodeError as error:
        raise DamagedError(f"{served.key} is no bundle of this version of Sluiceway: {error}") from error
    if bundle.content_id != served.bundle:
        raise DamagedError(f"{served.key} holds bundle {bundle.content_id[:12]}, not {served.bundle[:12]}")
    return bundle


def _checked(key: str, sha256: str, objects: ObjectStore) -> bytes:
    data = objects.get(key)
    if sha256_hex(data) != sha256:
        raise DamagedError(f"{key} is damaged: its SHA-256 is {sha256_hex(data)[:12]}, not {sha256[:12]}")
    return data
