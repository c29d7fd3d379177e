import pytest

from sluiceway.adapters.settings_file import read_settings
from sluiceway.core.errors import DeclarationError


def settings(tmp_path, text, **environment):
    (tmp_path / "sluiceway.toml").write_text(text)
    return read_settings(tmp_path, environment)


def problems(tmp_path, text, **environment):
    with pytest.raises(DeclarationError) as refused:
        settings(tmp_path, text, **environment)
    return str(refused.value)


@pytest.mark.parametrize("state", ["/", ".", "..", "a/..", "./"])
def test_the_state_has_a_folder_of_its_own(tmp_path, state):
    (tmp_path / "sluiceway.toml").write_text(f'state = "{state}"\n')
    with pytest.raises(DeclarationError, match="must be a folder of its own"):
        read_settings(tmp_path, {})


def test_a_replay_ends_after_the_present(tmp_path):
    (tmp_path / "sluiceway.toml").write_text("as_of = 2013-11-01\nreplay_until = 2013-10-01\n")
    with pytest.raises(DeclarationError, match="must lie after as_of = 2013-11-01"):
        read_settings(tmp_path, {})


def test_alerts_go_nowhere_but_the_log_by_default(tmp_path):
    assert settings(tmp_path, "").alerts == ()


def test_secrets_come_from_the_environment(tmp_path):
    given = settings(
        tmp_path,
        'alerts = ["slack://${SLACK_TOKEN}/${ROOM}", "json://host/hook"]',
        SLACK_TOKEN="A1/B2",
        ROOM="ops",
    )
    assert given.alerts == ("slack://A1/B2/ops", "json://host/hook")
    assert "A1/B2" not in repr(given)


def test_a_whole_address_may_come_from_the_environment(tmp_path):
    assert settings(tmp_path, 'alerts = ["${HOOK}"]', HOOK="json://host").alerts == ("json://host",)


@pytest.mark.parametrize("environment", [{}, {"SLACK_TOKEN": ""}])
def test_a_variable_that_is_not_set_is_named(tmp_path, environment):
    said = problems(tmp_path, 'alerts = ["json://host", "slack://${SLACK_TOKEN}"]', **environment)
    assert said == "sluiceway.toml: alerts, address 2: ${SLACK_TOKEN} is not set in the environment"


def test_what_is_wrong_with_an_address_is_said_without_the_address(tmp_path):
    said = problems(tmp_path, 'alerts = ["hunter22secret", "${HOOK}"]', HOOK="alsosecret")
    assert said.splitlines() == [
        f"sluiceway.toml: alerts, address {number}: it must begin with a scheme, such as json:// or slack://"
        for number in (1, 2)
    ]
    assert "secret" not in problems(tmp_path, 'alerts = {secret = "x"}')


@pytest.mark.parametrize("text", ["alerts = 3", "alerts = [3]", "alerts = {a = 1}"])
def test_anything_but_a_list_of_texts_is_refused(tmp_path, text):
    assert "must be a list of addresses" in problems(tmp_path, text)


def test_the_environment_overrides_the_file_with_spaces_between(tmp_path):
    given = settings(tmp_path, 'alerts = ["json://file"]', SLUICEWAY_ALERTS="json://a  slack://${T}", T="tok")
    assert given.alerts == ("json://a", "slack://tok")


def test_who_sends_no_alerts_needs_no_secrets(tmp_path):
    (tmp_path / "sluiceway.toml").write_text('alerts = ["slack://${SLACK_TOKEN}"]\nseed = 7')
    given = read_settings(tmp_path, {}, alerts=False)
    assert (given.seed, given.alerts) == (7, ())


def test_problems_of_all_settings_are_told_together(tmp_path):
    said = problems(tmp_path, 'alerts = ["slack://${NO}"]\nthreads = 0\nalert = []')
    assert [word for word in ("${NO}", "threads", "did you mean 'alerts'?") if word not in said] == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('as_of = "yesterday"', "as_of = 'yesterday': is no time; write it like 2013-11-01"),
        ('seed = "x"', "seed = 'x': must be a whole number, such as 7"),
        ('reference = "last"', "reference 'last' is none of 'previous', 'rolling'"),
    ],
)
def test_a_value_of_no_use_is_told_with_how_to_write_it(tmp_path, line, said):
    assert said in problems(tmp_path, line + "\n")
