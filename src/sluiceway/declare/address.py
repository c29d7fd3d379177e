"""Addresses: where something is fetched from, with every secret as ``${ENV_VAR}`` and never in the text itself."""

import re

from sluiceway.declare.names import refuse

VARIABLE = re.compile(r"\$\{(\w+)\}")
SECRET_NAME = re.compile(r"pass|pwd|secret|token|key|auth|credential|signature", re.IGNORECASE)


def require_address(owner: str, address: object, *, schemes: tuple[str, ...]) -> str:
    """Refuse an address of another scheme, or one that spells a secret out; no message repeats the secret.

    Args:
        owner: Who declares it, for the message.
        address: Such as ``postgresql://${PGUSER}:${PGPASSWORD}@db.example/shop``.
        schemes: What may stand before ``://``.

    Raises:
        DeclarationError: the scheme is none of these, or a password, a token or a key stands there in plain text.
    """
    if not isinstance(address, str) or "://" not in address or any(ord(sign) < ord(" ") for sign in address):
        raise refuse(f"{owner}: the address must be a text such as {schemes[0]}://…; secrets stand in it as ${{NAME}}")
    scheme = address.partition("://")[0]
    if scheme not in schemes:
        raise refuse(f"{owner}: the scheme {scheme!r} is not one of {', '.join(schemes)}")
    place, _, query = address.partition("://")[2].partition("?")
    password = place.rpartition("@")[0].partition(":")[2]
    if VARIABLE.sub("", password):
        raise refuse(f"{owner}: the address spells a password out; write ${{NAME}} and set NAME in the environment")
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        if SECRET_NAME.search(name):
            require_secret(f"{owner}, {name!r} in the address", value)
    return address


def require_secret(owner: str, value: object) -> str:
    """Refuse a secret that is not taken from the environment; the message does not repeat it.

    Raises:
        DeclarationError: the text holds no ``${NAME}``.
    """
    if not isinstance(value, str) or not VARIABLE.search(value):
        raise refuse(f"{owner}: a secret must come from the environment; write ${{NAME}} and set NAME there")
    return value
