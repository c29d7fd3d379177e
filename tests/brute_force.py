"""Brute force: features in plain Python, from nothing but what was known."""

import math
import struct
from fractions import Fraction

EVERY, OVERS = 5, {"10m": 10, "15m": 15}
COLUMNS = ("code", "e", "key", "w", "x", "y")


def order(row):
    return (
        row["known"],
        row["event"],
        *((False, 0) if row[name] is None else (True, members(row[name])) for name in COLUMNS),
    )


def members(numbers):
    """Order a list by its numbers, a missing one greatest; other values are what they are."""
    if not isinstance(numbers, list):
        return numbers
    return [(each is None or math.isnan(each), 0.0 if each is None or math.isnan(each) else each) for each in numbers]


def told_of(numbers):
    """Give what two features take of a list: what float32 has of two finite numbers, nothing of another size."""
    fitting = numbers if numbers is not None and len(numbers) == 2 else [None, None]
    return [None if each is None or not abs(each) < 3.5e38 else single(each) for each in fitting]


def newest_versions(rows, key, entity):
    kept, versions = [], {}
    for row in rows:
        value = row.get(key) if key else None
        if value is None:
            kept.append(row)
            continue
        identity = (value, row["event"]) if key in entity else value
        if identity not in versions or order(row) > order(versions[identity]):
            versions[identity] = row
    return kept + list(versions.values())


def brute_force(rows, key, entity, ttl, asked, at, by_event=False):
    """Compute one prediction's features from nothing but what was known."""
    time = "event" if by_event else "known"
    mine = dict(zip(entity, (asked, "a"), strict=False))
    end = math.floor(at / EVERY) * EVERY
    found = {}

    def of_entity(several):
        return [row for row in several if all(row[name] == value and value is not None for name, value in mine.items())]

    known = [row for row in rows if row["known"] <= at]
    current = of_entity(newest_versions(known, key, entity))
    before = known if by_event else [row for row in rows if row["known"] < end]
    standing = of_entity(newest_versions(before, key, entity))
    for over, minutes in OVERS.items():
        told = aggregates([row for row in standing if end - minutes <= row[time] < end], over)
        found |= told if of_entity(before) else dict.fromkeys(told)
        told = aggregates([row for row in current if end - minutes <= row[time] <= at], over, fresh=True)
        found |= told if of_entity(known) else dict.fromkeys(told)
    if not ttl:
        count, total = found["v__count_10m"], found["v__sum_y_15m"]
        found["v__ratio"] = (0.5 if total is None else single(total)) / count if count else None
        found["v__half"] = None if found["v__ratio"] is None else single(found["v__ratio"]) / 2
    newest = max(current, key=lambda row: (row["event"], *order(row)), default=None)
    late = newest is None or (ttl is not None and at - newest["event"] > ttl)
    found |= {f"v__latest_w_{place}": each for place, each in enumerate(told_of(None if late else newest["w"]))}
    return found | {"v__latest_x": None if late else newest["x"], "v__latest_code": None if late else newest["code"]}


def aggregates(inside, over, *, fresh=False):
    """Compute every feature of one window."""
    xs, ys = ([row[name] for row in inside if row[name] is not None] for name in "xy")
    some = [row for row in inside if row["x"] is not None and row["x"] > 0 and row["code"] == "a"]
    low = [row["x"] for row in inside if row["y"] is not None and row["y"] < 0 and row["x"] is not None]
    found = {
        f"count_{over}": len(inside), f"count_x_{over}": len(xs), f"mean_x_{over}": average(xs),
        f"sum_y_{over}": float(sum(map(Fraction, ys))) if ys else None, f"mean_y_{over}": average(ys),
        f"min_y_{over}": min(ys, default=None), f"max_x_{over}": max(xs, default=None), f"std_x_{over}": spread(xs),
        f"std_y_{over}": spread(ys), f"min_x_{over}": min(xs, default=None),
        f"count_distinct_x_{over}": len(set(xs)),
        f"count_distinct_code_{over}": len({row["code"] for row in inside} - {None}),
    }  # fmt: skip
    if fresh:
        named = (
            {"fresh_some": sum(low) if low else None}
            if over == "15m"
            else last(inside, "x", f"last_2_x_{over}_fresh", 2)
        )
        return {f"v__{name}_fresh": value for name, value in found.items()} | {f"v__{n}": v for n, v in named.items()}
    ys = [row["y"] for row in some if row["y"] is not None]
    most = {"most": max(ys, default=None), **last(some, "y", "last_some", 1)}
    named = {"some": len(some), **last(inside, "y", f"last_3_y_{over}", 3)} if over == "15m" else most
    return {f"v__{name}": value for name, value in (found | named).items()}


def last(rows, column, name, count):
    """Give the last values of a column, the newest first."""
    told = [(row["known"], row["event"], row[column]) for row in rows if row[column] is not None]
    values = [value for _, _, value in sorted(told, reverse=True)] + [None] * count
    return {f"{name}_{place}": values[place] for place in range(count)}


def spread(values):
    if len(values) < 2:
        return None
    mean = sum(map(Fraction, values)) / len(values)
    return math.sqrt(sum((Fraction(value) - mean) ** 2 for value in values) / (len(values) - 1))


def single(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def average(values):
    return float(sum(map(Fraction, values)) / len(values)) if values else None


def agree(got, wanted):
    if isinstance(got, str) or got is None or wanted is None:
        return got == wanted
    return math.isclose(got, wanted, rel_tol=1e-6, abs_tol=1e-3 if abs(wanted) < 1e-3 else 0)


def assert_same(got, wanted, view):
    for name in view.columns:
        assert agree(got[name], wanted[name]), (name, got[name], wanted[name])
