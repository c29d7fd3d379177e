"""Where online features lie, by the setting ``online``."""

import pytest

from sluiceway.adapters.lmdb_online import LmdbOnline
from sluiceway.adapters.online_place import OnlinePlace
from sluiceway.adapters.redis_online import RedisOnline
from sluiceway.adapters.settings_file import read_settings
from sluiceway.core.errors import DeclarationError, MisuseError, SourceError


def settings(tmp_path, text, **environment):
    (tmp_path / "sluiceway.toml").write_text(text)
    return read_settings(tmp_path, environment)


def refused(tmp_path, text, **environment):
    with pytest.raises(DeclarationError) as error:
        settings(tmp_path, text, **environment)
    return str(error.value)


def test_by_default_features_lie_in_the_state_folder_and_are_waited_for_briefly(tmp_path):
    given = settings(tmp_path, "")
    assert (given.online, given.online_timeout_ms, given.online_unavailable) == ("", 100.0, "refuse")
    assert isinstance(OnlinePlace(given.online, {}).open(tmp_path / "online", patience_s=1), LmdbOnline)


def test_an_address_is_kept_with_its_secrets_unread_until_the_store_is_opened(tmp_path):
    lines = ('online = "rediss://app:${PW}@cache:6379/0?prefix=flights"', "online_timeout_ms = 50")
    given = settings(tmp_path, "\n".join([*lines, 'online_unavailable = "missing"']))
    assert (given.online_timeout_ms, given.online_unavailable) == (50.0, "missing")
    place = OnlinePlace(given.online, {})
    assert place.shown == "rediss://cache:6379/0?prefix=flights"
    assert isinstance(place.open(tmp_path, patience_s=1), RedisOnline)  # commands that never ask it need no secret
    with pytest.raises(SourceError, match=r"\$\{PW\} is not set in the environment"):
        place.check()


def test_secrets_are_filled_in_and_shown_nowhere(tmp_path):
    place = OnlinePlace("redis://${USER}:${PW}@cache:6379/1?prefix=a", {"USER": "app", "PW": "p@ss/word"})
    place.check()
    assert place._url() == "redis://app:p%40ss%2Fword@cache:6379/1"
    assert "word" not in repr(place) + place.shown


def test_the_environment_may_say_where(tmp_path):
    given = settings(
        tmp_path, 'online = "redis://one"', SLUICEWAY_ONLINE="redis://two", SLUICEWAY_ONLINE_TIMEOUT_MS="250"
    )
    assert (given.online, given.online_timeout_ms) == ("redis://two", 250.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('online = "memcached://host"', "the scheme 'memcached' is not one of redis, rediss, dynamodb"),
        ('online = "redis://app:hunter2@host"', "spells a password out"),
        ('online = "redis://host?password=hunter2"', "must come from the environment"),
        ('online = "redis://host?prefix=hunter2:x"', "the prefix must be letters"),
        ('online = "redis://host?retry=3"', "there is no parameter 'retry'; there is: prefix, ssl_ca_certs"),
        ('online = "redis:///0"', "names no host"),
        ('online = "dynamodb://eu-central-1"', "must be dynamodb://REGION/PREFIX"),
        ("online = 7", "the address must be a text"),
        ("online_timeout_ms = 0", "must lie between 1 and 60,000 milliseconds"),
        ("online_timeout_ms = true", "must be a number of milliseconds"),
        ('online_unavailable = "guess"', "must be 'refuse', which answers 503, or 'missing'"),
    ],
)
def test_what_is_wrong_is_told_without_a_secret(tmp_path, text, said):
    told = refused(tmp_path, text)
    assert said in told
    assert "hunter2" not in told


def test_dynamodb_without_its_library_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr("sluiceway.adapters.dynamo_trouble.find_spec", lambda name: None)
    place = OnlinePlace("dynamodb://eu-central-1/flights", {})
    with pytest.raises(MisuseError, match=r'pip install "sluiceway\[aws\]"'):
        place.check()
    with pytest.raises(MisuseError, match=r'pip install "sluiceway\[aws\]"'):
        place.open(None, patience_s=1).read("v", [b"a"])
