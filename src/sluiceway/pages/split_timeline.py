"""The split in time: training, the gap and the holdout on one line."""

from datetime import datetime

from sluiceway.artifacts.evaluation import SplitReport

WIDTH, TOP, THICK = 960.0, 22.0, 20.0


def split_timeline(split: SplitReport) -> str:
    """Draw the spans to scale, as inline SVG in the page's colours."""
    begin, end = split.train_from, split.holdout_until
    whole = max((end - begin).total_seconds(), 1.0)

    def place(moment: datetime) -> float:
        return WIDTH * (moment - begin).total_seconds() / whole

    spans = [
        _span(0.0, place(split.train_until), "accent", f"training, {split.train_rows:,} rows"),
        _span(place(split.holdout_from), WIDTH, "then", f"holdout, {split.holdout_rows:,} rows"),
    ]
    train_end, holdout_start = place(split.train_until), place(split.holdout_from)
    days = [
        _day(split.train_from, 0.0, "start"),
        _day(split.train_until, train_end - 4, "end"),
        _day(split.holdout_from, holdout_start + 4, "start"),
        _day(split.holdout_until, WIDTH, "end"),
    ]
    named = "<title>Split in time</title><desc>Training ends before the gap, the holdout begins after it.</desc>"
    frame = f'<svg viewBox="0 0 {WIDTH:g} 64" role="img" xmlns="http://www.w3.org/2000/svg">'
    return frame + named + "".join(spans + days) + "</svg>"


def _span(start: float, end: float, colour: str, words: str) -> str:
    box = f'<rect x="{start:.1f}" y="{TOP:g}" width="{max(end - start, 1):.1f}" height="{THICK:g}" rx="2"'
    text = f'<text x="{start:.1f}" y="{TOP - 7:g}" font-size="12" fill="var(--ink)">{words}</text>'
    return f'{box} fill="var(--{colour})"/>{text}'


def _day(moment: datetime, x: float, anchor: str) -> str:
    text = f'x="{x:.1f}" y="{TOP + THICK + 15:g}" text-anchor="{anchor}" font-size="11" fill="var(--soft)"'
    return f"<text {text}>{moment:%Y-%m-%d}</text>"
