"""Refusal: a request that is not answered with a prediction, and the status that says so."""


class Refusal(Exception):  # noqa: N818 - it never leaves this package: the app turns it into a response
    """Why a request is refused, in words for its caller, with the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message
