"""Failures of object stores, told without what a request held: their texts may quote keys, signatures and headers."""

import re

from obstore.exceptions import BaseError, PermissionDeniedError, PreconditionError, UnauthenticatedError

from sluiceway.core.disk_trouble import disk_trouble, number_of
from sluiceway.core.errors import SourceError

STATUS, CODE = re.compile(r"status code: (\d{3} [A-Za-z ]+)"), re.compile(r"<Code>(\w{1,60})</Code>")
CREDENTIALS = (
    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, GOOGLE_APPLICATION_CREDENTIALS, AZURE_STORAGE_ACCOUNT_NAME and "
    "AZURE_STORAGE_ACCOUNT_KEY"
)
CHECK_KEYS = f"check its credentials: [files] in sluiceway.toml, or the environment ({CREDENTIALS})"
CHECK_PLACE = "check the path, its rights and the disk"
CHECK_SERVER = "check the address, the network and the server; what was fetched before is kept, so run again"
METADATA_HOST = "169.254.169.254"


def refused(verb: str, key: str, error: Exception) -> SourceError:
    """Say what could not be done with which object, why, and what to do."""
    if verb == "write" and number_of(error) is not None:
        return SourceError(f"the object store could not write {key!r}: {disk_trouble(error)}")
    reason, advice = explained(error)
    return SourceError(f"the object store could not {verb} {key!r}: {reason}; {advice}")


def explained(error: Exception) -> tuple[str, str]:
    """Give the reason of a failure, in words that hold no secret, and what to do about it."""
    text = str(error)
    said = [found[1].strip() for found in (STATUS.search(text), CODE.search(text)) if found]
    answer = f"it answered {', '.join(said)}" if said else ""
    if isinstance(error, PreconditionError):
        return "it changed while it was being read", "run again when nothing writes to it"
    if isinstance(error, PermissionDeniedError | UnauthenticatedError) or (said and said[0][:3] in {"401", "403"}):
        return answer or "access was denied", CHECK_KEYS
    if METADATA_HOST in text or "metadata.google.internal" in text:
        return "no credentials were found", f"{CHECK_KEYS}, or skip_signature for a public bucket"
    if answer:
        return answer, CHECK_SERVER
    if not isinstance(error, BaseError) or not is_remote(text):
        return " ".join(text.partition("\n\nDebug source")[0].split()), CHECK_PLACE
    return remote_reason(text), CHECK_SERVER


def is_remote(text: str) -> bool:
    """Tell a request that failed from a file that could not be read."""
    return "http" in text.lower()


def remote_reason(text: str) -> str:
    """Name what went wrong on the way; the text itself may quote the request."""
    lowered = text.lower()
    if "connect" in lowered:
        return "no connection"
    if "timed out" in lowered or "timeout" in lowered:
        return "it took too long to answer"
    if "body" in lowered or "decode" in lowered or "incomplete" in lowered:
        return "the connection broke in the middle"
    return "the request failed"
