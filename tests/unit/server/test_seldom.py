from sluiceway.server.seldom import Seldom


def test_what_is_said_again_and_again_is_said_once_a_second_with_a_count():
    said, now = [], [0.0]
    seldom = Seldom(said.append, seconds=lambda: now[0])
    for number in range(1_000):
        now[0] = number / 100
        seldom.say(f"line {number}")
    assert len(said) == 10
    assert said[:2] == ["line 0", "line 100 (and 99 more like it since the last line)"]


def test_what_is_seldom_is_always_said():
    said, now = [], [0.0]
    seldom = Seldom(said.append, seconds=lambda: now[0])
    for number in range(3):
        now[0] = number * 2.0
        seldom.say("a line")
    assert said == ["a line"] * 3
