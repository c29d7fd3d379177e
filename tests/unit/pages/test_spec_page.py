from dataclasses import fields

import pytest

from sluiceway.artifacts.promise import InputAvailability, Promise
from sluiceway.core.verdict import Criterion, Verdict
from sluiceway.declare.spec import Acceptance, Costs, Metric, ProblemStatement, ServiceLevel, Spec, Target
from sluiceway.pages.spec_page import LIMITS, spec_html, spec_markdown

VERDICT = Verdict((Criterion.at_most("owner | of it", measured=2, limit=0, detail="nobody"),))


def promise(beta=None, statement="Will this flight be late?"):
    spec = Spec(
        ProblemStatement("late_arrival", statement, "ops-ml"),
        Target("binary", "late", 1),
        ("origin",),
        Costs("USD", 180, 30),
        Metric("f_beta", beta),
        ServiceLevel(50, 0.999),
    )
    return Promise(spec, (InputAvailability("origin", "text", True, "source schedule"),))


@pytest.mark.parametrize("write", [spec_markdown, spec_html])
def test_the_page_says_all_that_is_promised(write):
    text = write(promise(), VERDICT)
    said = ["Late arrival", "Will this flight be late?", "ops-ml", "origin", "source schedule", "180 USD", "30 USD"]
    said += ["2.449", "sqrt(C_FN / C_FP) = sqrt(180 / 30)", "0.1429", "30 / (30 + 180)", "50 ms", "99.9", "nobody"]
    assert [each for each in said if each not in text] == []


def test_a_fixed_beta_is_not_said_to_be_derived():
    text = spec_markdown(promise(beta=2.0), VERDICT)
    assert "as the spec fixes it" in text
    assert "sqrt(C_FN" not in text


def test_every_limit_is_explained():
    assert set(LIMITS) == {field.name for field in fields(Acceptance)}


def test_a_users_text_cannot_break_the_table():
    lines = spec_markdown(promise(statement="a | b\n# c <script>"), VERDICT).splitlines()
    assert "a \\| b # c &lt;script>" in lines


def test_the_verdict_is_told_on_both():
    assert "| stopped | owner \\| of it | nobody |" in spec_markdown(promise(), VERDICT)
    assert 'class="badge stopped"' in spec_html(promise(), VERDICT)
