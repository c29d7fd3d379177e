"""The evaluation's page says what the gate said."""

from dataclasses import replace

from sluiceway.artifacts.evaluation import Reproduction
from sluiceway.train.page import write_page


def page(made, candidate, promise=None):
    key = write_page(candidate, made.judge(candidate), promise or made.promise, objects=made.objects)
    return key, made.objects.get(key).decode()


def test_the_page_shows_the_curves_and_the_verdict(honest):
    made, candidate = honest
    key, text = page(made, candidate)
    assert key.startswith(f"reports/evaluation-{candidate.evaluation.content_id[:12]}-")
    assert "Will it be late?" in text
    assert text.lower().count("<svg") >= 5
    assert 'class="badge passed"' in text
    assert "bytes of the baseline&#39;s second training" in text


def test_a_gate_that_stops_makes_another_page_that_says_why(honest):
    made, candidate = honest
    again = replace(candidate.evaluation, reproduction=Reproduction((), same_bytes=False, baseline_same_bytes=True))
    key, text = page(made, replace(candidate, evaluation=again))
    assert key != page(made, candidate)[0]
    assert 'class="badge stopped"' in text
    assert text.index("bytes of a second training") < text.index("steps fitted before training")


def test_another_statement_of_the_problem_makes_another_page(honest):
    made, candidate = honest
    spec = replace(made.spec, problem=replace(made.spec.problem, statement="Late at all?"))
    key, text = page(made, candidate, replace(made.promise, spec=spec))
    assert key != page(made, candidate)[0]
    assert "Late at all?" in text


def test_a_page_that_is_there_is_not_drawn_again(honest):
    made, candidate = honest
    key, text = page(made, candidate)
    made.objects.put(key, b"as it was")
    assert page(made, candidate) == (key, "as it was")
    made.objects.put(key, text.encode())
