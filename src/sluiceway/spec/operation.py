"""Operation: the optional sections of a spec about life after training, ``rollout`` and ``observe``."""

from itertools import pairwise

from sluiceway.core.duration import parse_duration
from sluiceway.declare.spec import MONTH, Monitoring, Rollout
from sluiceway.spec.yaml_section import Range, Section

SHARE = Range("above 0 and at most 1", above=0, at_most=1)
REQUESTS = Range("a whole number, 0 or more", at_least=0, whole=True)


def parse_rollout(root: Section) -> Rollout | None:
    """Read how a new model takes over; absent, a canary of 5 % for 48 hours and then a ramp."""
    section = root.child("rollout", ("canary", "ramp", "hold", "by", "min_requests"), optional=True)
    if section is None:
        return None if "rollout" in root.nodes else Rollout()
    default = Rollout()
    canary = section.number("canary", SHARE, optional=True)
    ramp = section.numbers("ramp", SHARE)
    least = section.number("min_requests", REQUESTS, optional=True)
    made = Rollout(
        canary=default.canary if canary is None else canary,
        ramp=default.ramp if ramp is None else ramp,
        hold=_duration(section, "hold") or default.hold,
        by=section.names("by", optional=True),
        min_requests=default.min_requests if least is None else int(least),
    )
    if any(after <= before for before, after in pairwise(made.shares)):
        shares = ", ".join(f"{share:g}" for share in made.shares)
        section.note(f"rollout: the canary and the ramp must grow from step to step, got {shares}")
    return made


def parse_monitoring(root: Section) -> Monitoring | None:
    """Read how a served model is watched; absent, by calendar months, with nothing seasonal."""
    section = root.child("observe", ("window", "seasonal"), optional=True)
    if section is None:
        return None if "observe" in root.nodes else Monitoring()
    node = section.nodes.get("window")
    window = MONTH if node is None or node.value == MONTH else _duration(section, "window")
    return Monitoring(window=window or MONTH, seasonal=section.names("seasonal", optional=True))


def _duration(section: Section, key: str) -> str | None:
    if key not in section.nodes:
        return None
    text = section.text(key)
    if text is None:
        return None
    try:
        parse_duration(text)
    except ValueError as error:
        section.note(f"{section.named(key)}: {error}", section.nodes[key])
        return None
    return text
