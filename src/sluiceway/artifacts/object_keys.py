"""Object keys: where bytes are kept that a version, or a note of what was fetched, points to."""

# Notes of what was fetched from URLs, each the SHA-256 of an object: caches, which keep nothing.
FETCHED = "fetched/"


def object_key(sha256: str) -> str:
    """Where bytes are kept: under their own hash, so that the same bytes are kept once."""
    return f"files/{sha256[:2]}/{sha256}"
