"""By parts: what is asked of a large source, answered part by part of its layout, several parts at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
import pyarrow as pa

from sluiceway.features.fact_layout import PART, FactLayout
from sluiceway.ports.progress import Progress

AT_ONCE = 2

Answer = Callable[[int, pa.Table, pa.Table], pa.Table]


def asked_by_parts(
    layout: FactLayout, spine: pa.Table, entities: tuple[str, ...], *, answer: Answer, progress: Progress
) -> pa.Table:
    """Answer for every row of the spine; gives the rows in the order of ``_row``.

    Args:
        layout: The source's facts.
        spine: ``_row``, ``_at`` and the entity columns.
        entities: Their names.
        answer: From a part's number, the rows of the spine that fall into it (with ``_start`` and ``_rows``) and the
            part's facts, to ``_row`` and features. It is called on several threads.
        progress: Told how far it is.
    """
    located = layout.located(pl.DataFrame(pl.from_arrow(spine)), entities)
    chunks = {int(str(number)): rows.drop(PART).to_arrow() for (number,), rows in located.group_by(PART)}
    if not chunks:
        chunks = {0: located.drop(PART).to_arrow()}
    done = 0

    def answered(number: int) -> pa.Table:
        nonlocal done
        made = answer(number, chunks[number], layout.part(number))
        done += 1
        progress.advance(done, len(chunks))
        return made

    with ThreadPoolExecutor(AT_ONCE) as pool:
        pieces = [pl.DataFrame(pl.from_arrow(made)) for made in pool.map(answered, sorted(chunks))]
    return _in_order(pl.concat(pieces)).to_arrow()


def _in_order(made: pl.DataFrame) -> pl.DataFrame:
    """Put rows into the order of ``_row``; where these are all from 0 on, as predictions' are, no two are compared."""
    row = made.get_column("_row")
    if len(row) and row.min() == 0 and row.max() == len(row) - 1:
        return made.select(pl.all().gather(_inverse(row)))
    return made.sort("_row")


def _inverse(row: pl.Series) -> pl.Series:
    places = np.empty(len(row), np.uint32)
    places[row.to_numpy()] = np.arange(len(row), dtype=np.uint32)
    return pl.Series(places)


def all_by_parts(layout: FactLayout, entities: tuple[str, ...], answer: Callable[[pa.Table], pa.Table]) -> pa.Table:
    """Ask every part of a layout about its own entities, and put the answers below each other."""
    pieces = []
    for number in range(layout.parts):
        made = pl.DataFrame(pl.from_arrow(answer(layout.part(number))))
        mine = layout.index.filter(pl.col(PART) == number).select(entities) if layout.moved.num_rows else None
        pieces.append(made if mine is None else made.join(mine, on=list(entities), how="semi"))
    return pl.concat(pieces).to_arrow()
