from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import bundles

from sluiceway.adapters.obstore_objects import ObstoreObjects
from sluiceway.artifacts.rollout_state import RolloutState
from sluiceway.core.errors import DamagedError
from sluiceway.server.board import Board

BEGAN = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["memory", "folder"])
def objects(request, tmp_path):
    return ObstoreObjects.memory() if request.param == "memory" else ObstoreObjects.local(tmp_path / "objects")


def state(objects, sequence=1, scope="live"):
    return RolloutState(scope, bundles.shelved(objects, bundles.logistic()), sequence, BEGAN, "because")


def test_a_board_shows_nothing_until_something_is_shown(objects):
    board = Board(objects, "live")
    assert board.read() is None
    assert board.mark() == ""


def test_a_board_shows_the_newest_and_its_mark_moves_with_it(objects):
    board, marks = Board(objects, "live"), set()
    for sequence in range(1, 6):
        shown = state(objects, sequence)
        board.show(shown)
        assert Board(objects, "live").read() == shown
        assert board.mark() == board.mark()
        marks.add(board.mark())
    assert len(marks) == 5


def test_scopes_do_not_see_each_other(objects):
    Board(objects, "rehearsal").show(state(objects, scope="rehearsal"))
    assert Board(objects, "live").read() is None
    objects.put("rollouts/live.json", objects.get("rollouts/rehearsal.json"))
    with pytest.raises(DamagedError, match="shows the rollout of 'rehearsal'"):
        Board(objects, "live").read()


@given(st.binary(max_size=200).filter(lambda data: data.strip() != b"null"))
def test_whatever_else_lies_there_is_damage(data):
    objects = ObstoreObjects.memory()
    objects.put("rollouts/live.json", data)
    with pytest.raises(DamagedError, match="no rollout state"):
        Board(objects, "live").read()


def test_a_cleared_board_shows_nothing_until_something_is_shown_again(objects):
    board = Board(objects, "live")
    shown = state(objects)
    board.show(shown)
    before = board.mark()
    board.clear()
    assert board.read() is None
    assert board.mark() != before
    board.show(shown)
    assert board.read() == shown
