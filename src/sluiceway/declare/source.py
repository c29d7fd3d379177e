"""Sources: where raw facts come from, and the two times every row has."""

from dataclasses import dataclass, field

from sluiceway.core.duration import parse_duration
from sluiceway.declare.api import Api
from sluiceway.declare.database import Database
from sluiceway.declare.expectation import QUARANTINE, Expectation
from sluiceway.declare.expression import Expression, parse_expression
from sluiceway.declare.files import Files
from sluiceway.declare.names import as_tuple, refuse, require_name
from sluiceway.declare.provenance import Provenance
from sluiceway.declare.stream import Topic
from sluiceway.declare.written_at import WrittenAt, written_here

SCHEMA_POLICIES = ("evolve", "freeze", "discard")


@dataclass(frozen=True, slots=True)
class Source:
    """A table of facts, from files, a database or an API, from SQL over other sources, or from SQL over its own rows.

    ``event_time`` says when a row's fact was true, ``known_time`` when one could first have known it; both are
    expressions over the source's columns, in UTC. ``known_time`` defaults to ``event_time``. A source with neither
    is a timeless reference: it can be joined and checked against in SQL, but no feature may be built on it.
    ``origin`` is where its rows come from. ``key`` names the columns that identify a fact: a later row with the same
    key corrects the earlier. ``upstream`` identifies the sources that its SQL reads; it is filled in when the project
    is read. ``provenance`` says where the rows come from in the world, and on what terms. ``schema`` says what becomes
    of columns that change at the source, compared with the last version that passed gate 2, which tells of every
    change: ``evolve`` accepts them, ``freeze`` stops, ``discard`` drops new ones. Not declared, changes between
    versions are accepted, but all files of a version must have the same columns. ``stream`` is the topic where the rows
    that its table will have (after ``sql``) arrive one by one; it changes nothing about what the table is.

    Raises:
        DeclarationError: a name, an expression or a combination that cannot be.
    """

    name: str
    origin: Files | Database | Api | None = None
    key: str | tuple[str, ...] | None = None
    event_time: str | None = None
    known_time: str | None = None
    sql: str | None = None
    expectations: tuple[Expectation, ...] | list[Expectation] = ()
    upstream: str = ""
    provenance: Provenance | None = None
    schema: str | None = None
    stream: Topic | None = None
    written_at: WrittenAt | None = field(default_factory=written_here, compare=False, repr=False)

    def __post_init__(self) -> None:
        require_name("source", self.name)
        if self.origin is None and self.sql is None:
            raise refuse(f"source {self.name!r} has neither files nor sql; give one of them, or a table, query or api")
        if self.known_time is not None and self.event_time is None:
            raise refuse(f"source {self.name!r} has a known_time but no event_time; say when its facts were true")
        self._check_schema()
        if self.stream is not None and not isinstance(self.stream, Topic):
            raise refuse(f"source {self.name!r}: stream must be sw.topic(name), got {self.stream!r}")
        if self.stream is not None and self.is_timeless:
            raise refuse(f"source {self.name!r} has a stream but no event_time; say when its facts were true")
        if self.provenance is not None and not isinstance(self.provenance, Provenance):
            raise refuse(f"source {self.name!r}: provenance must be sw.Provenance(source=…), got {self.provenance!r}")
        rules: object = self.expectations
        given = rules if isinstance(rules, list | tuple) else (rules,)
        for rule in given:
            if not isinstance(rule, Expectation):
                raise refuse(
                    f"source {self.name!r}: {rule!r} is no expectation; write a list such as "
                    "[sw.column('x').between(0, 9), sw.row('x > y')]"
                )
        object.__setattr__(self, "expectations", tuple(dict.fromkeys(given)))
        self._check_expectations()
        for text in filter(None, (self.event_time, self.known_time)):
            parse_expression(text)

    def _check_expectations(self) -> None:
        """Refuse two that a report could not tell apart; one that stops and one that warns are told apart."""
        seen: set[object] = set()
        for rule in self.expectations:
            if rule.identity in seen:
                raise refuse(
                    f"source {self.name!r} expects {rule.name!r} twice; keep one of them, or let one of two "
                    "warn earlier: on_failure='warn'"
                )
            seen.add(rule.identity)

    def _check_schema(self) -> None:
        if self.schema is not None and self.schema not in SCHEMA_POLICIES:
            choices = ", ".join(SCHEMA_POLICIES)
            raise refuse(f"source {self.name!r}: schema={self.schema!r} is no policy; write one of {choices}")
        if self.schema is not None and self.origin is None:
            raise refuse(f"source {self.name!r} comes from SQL alone; give schema= to the sources that it reads")

    @property
    def files(self) -> Files | None:
        """The files that its rows come from, if they come from files."""
        return self.origin if isinstance(self.origin, Files) else None

    @property
    def extract(self) -> Database | Api | None:
        """What its rows are extracted from, if they come from a database or an API."""
        return self.origin if isinstance(self.origin, Database | Api) else None

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that identify a fact; empty when the source has none."""
        return as_tuple(self.key)

    @property
    def meaning(self) -> list[object]:
        """What decides the rows and their times, ready to be hashed; words do not, nor rules that set no rows apart."""
        files = self.files.meaning if self.files else None
        origin = self.extract.meaning if self.extract else files
        times = [self.event_time, self.known_time]
        apart = [each.meaning for each in self.expectations if each.on_failure == QUARANTINE]
        meaning: list[object] = [self.name, origin, self.sql, *times, list(self.keys), self.upstream, self.schema]
        return [*meaning, apart] if apart else meaning

    @property
    def is_timeless(self) -> bool:
        """Whether rows carry no times, so that no feature may be built on them."""
        return self.event_time is None

    @property
    def event_expression(self) -> Expression | None:
        """When a row's fact was true."""
        return parse_expression(self.event_time) if self.event_time else None

    @property
    def known_expression(self) -> Expression | None:
        """When a row could first have been known."""
        text = self.known_time or self.event_time
        return parse_expression(text) if text else None


def window(text: object, *, owner: str) -> str:
    """Check a duration where it is declared.

    Raises:
        DeclarationError: it is no duration.
    """
    if not isinstance(text, str):
        raise refuse(f"{owner}: {text!r} is not a duration; write a text such as '5m', '36h', '30d'")
    try:
        parse_duration(text)
    except ValueError as error:
        raise refuse(f"{owner}: {error}") from None
    return text
