"""Secrets: variables of the environment filled in where they are used, and taken out of whatever is said."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote, urlsplit

from sluiceway.core.digest import digest_of
from sluiceway.core.errors import SourceError
from sluiceway.declare.address import VARIABLE

SHOWN = 400


class FilledSecrets:
    """Fills ``${NAME}`` in, for one origin, and remembers what must not be shown."""

    def __init__(self, environment: Mapping[str, str], shown: str) -> None:
        self._environment = environment
        self._shown = shown
        self._hidden: dict[str, str] = {}

    def plain(self, text: str) -> str:
        """Fill a text that is used as it is, such as a header.

        Raises:
            SourceError: a variable is not set.
        """
        return VARIABLE.sub(lambda found: self._value(found[1]), text)

    def address(self, text: str) -> str:
        """Fill an address: a value's signs that mean something there are escaped.

        Raises:
            SourceError: a variable is not set.
        """
        return VARIABLE.sub(lambda found: self._escaped(found[1]), text)

    def place(self, text: str) -> str:
        """Digest where an address leads, without user, password and parameters."""
        parts = urlsplit(self.address(text))
        return digest_of([parts.scheme, parts.hostname, parts.port, parts.path])

    def said(self, error: BaseException | str) -> str:
        """Return what was said, on one line, with the names of variables in the place of their values."""
        text = " ".join(str(error).split())
        for value, name in sorted(self._hidden.items(), key=lambda pair: -len(pair[0])):
            edge = r"\b" if value.isalpha() else ""  # a user called postgres is no part of the word postgresql
            shown = f"${{{name}}}".replace("\\", "")
            text = re.sub(f"{edge}{re.escape(value)}{edge}", shown, text)
        return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"

    @contextmanager
    def telling(self, *errors: type[BaseException], advice: str) -> Iterator[None]:
        """Turn the errors of a driver into one that names the origin and holds no secret."""
        try:
            yield
        except SourceError as error:
            raise SourceError(f"{self._shown}: {self.said(error)}") from None
        except errors as error:
            raise SourceError(f"{self._shown}: {self.said(error)}; {advice}") from None

    def _value(self, name: str) -> str:
        value = self._environment.get(name, "")
        if not value:
            raise SourceError(f"${{{name}}} is not set in the environment; set it, or correct the name")
        self._hidden[value] = name
        return value

    def _escaped(self, name: str) -> str:
        value = quote(self._value(name), safe="")
        self._hidden[value] = name
        return value
