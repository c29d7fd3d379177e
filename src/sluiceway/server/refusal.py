"""Refusal: a request that is not answered with a prediction, and the status that says so."""


class Refusal(Exception):  # noqa: N818 - it never leaves this package: the app turns it into a response
    """Why a request is refused, in words for its caller, with the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message


def too_large(most_bytes: int) -> Refusal:
    """Refuse a body that is larger than a request may have."""
    return Refusal(413, f"the body is larger than {most_bytes:,} bytes, the most a request may have; split it")


def gone() -> Refusal:
    """Refuse, for the log alone, a request whose caller has gone."""
    return Refusal(499, "the caller went away before its request was whole")
