"""Failures of DynamoDB, told without what its answers quote."""

from importlib.util import find_spec

from sluiceway.core.errors import MisuseError, SluicewayError, SourceError, TransientError

UNKNOWN_TABLE, CONDITION_FAILED = "ResourceNotFoundException", "ConditionalCheckFailedException"
BUSY = ("ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded", "InternalServerError")
STRANGER = ("AccessDenied", "UnrecognizedClient", "InvalidSignature", "ExpiredToken", "MissingAuthentication")


def require_boto3(setting: str) -> None:
    """Refuse to go on without the library that a setting takes.

    Raises:
        MisuseError: it is not installed.
    """
    if find_spec("boto3") is None:
        raise MisuseError(f'{setting} takes boto3, which is not installed; install it: pip install "sluiceway[aws]"')


def explained(error: Exception, *, shown: str, table: str, patience_s: float) -> SluicewayError:
    """Say what went wrong, and what to do."""
    from botocore import exceptions  # type: ignore[import-untyped]

    code, store = code_of(error), f"the online store {shown}"
    no_keys = isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError)
    if no_keys or code.startswith(STRANGER):
        return SourceError(f"{store} lets nobody in by these credentials; check AWS_ACCESS_KEY_ID, or the profile")
    if code == UNKNOWN_TABLE:
        return SourceError(f"{store} has no table {table}; sluiceway run makes and fills it")
    if code in BUSY:
        return busy(shown, patience_s)
    if isinstance(error, exceptions.ReadTimeoutError | exceptions.ConnectTimeoutError):
        return TransientError(f"{store} did not answer within {patience_s * 1000:g} ms; try again")
    if isinstance(error, exceptions.ConnectionError | exceptions.HTTPClientError):
        return TransientError(f"{store} is not there; check its region, the network and the service")
    return SourceError(f"{store} refuses: {code or type(error).__name__}")


def busy(shown: str, patience_s: float) -> TransientError:
    """Say that the service did not do all that was asked."""
    return TransientError(
        f"the online store {shown} left items unprocessed for {patience_s * 1000:g} ms: it is asked for more than its "
        "capacity; raise it, or try again"
    )


def code_of(error: Exception) -> str:
    """Name what the service answered, where it did."""
    answer = getattr(error, "response", None) or {}  # None where a connection broke off
    return str(answer.get("Error", {}).get("Code", ""))
