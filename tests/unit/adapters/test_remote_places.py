"""Buckets and servers are opened by options whose secrets only the environment has."""

import pytest

from sluiceway.adapters.remote_places import RemotePlaces, read_places, root_of
from sluiceway.adapters.settings_file import read_settings
from sluiceway.core.errors import DeclarationError


def problems_of(given):
    problems = []
    read_places(given, problems)
    return [problem.message for problem in problems]


def test_options_of_each_place_are_read_from_the_settings(tmp_path):
    (tmp_path / "sluiceway.toml").write_text(
        '[files."s3://lake"]\nregion = "eu-central-1"\nsecret_access_key = "${LAKE_SECRET}"\nskip_signature = false\n'
        '[files."https://data.example"]\nheaders = {authorization = "Bearer ${TOKEN}"}\n'
    )
    settings = read_settings(tmp_path, {"LAKE_SECRET": "hidden", "TOKEN": "hidden"})
    assert settings.files["s3://lake"]["region"] == "eu-central-1"
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("s3://lake", "files: must be sections, one a bucket or server"),
        ({"lake": {}}, "files.'lake': it must name a bucket or server"),
        ({"s3://lake/data": {}}, "it must name a bucket or server"),
        ({"https://me:secret@host": {}}, "it must name a bucket or server"),
        ({"s3://lake": "x"}, "it must name a bucket or server"),
        ({"s3://lake": {"secret_access_key": "AKIA"}}, "secret_access_key: is a secret; write ${NAME}"),
        ({"az://box": {"sas_token": "sv=1"}}, "sas_token: is a secret"),
        ({"s3://lake": {"region": 3}}, "region: must be a text, or true or false"),
        ({"https://host": {"headers": "x"}}, "headers: must be a table"),
        ({"https://host": {"headers": {"Authorization": "Bearer abc"}}}, "headers: Authorization: is a secret"),
    ],
)
def test_what_is_wrong_is_said_without_what_it_holds(given, words):
    [problem] = problems_of(given)
    assert words in problem
    assert not any(secret in problem for secret in ("AKIA", "sv=1", "abc"))


def test_a_place_is_opened_once():
    places = RemotePlaces({"s3://lake": {"region": "us-east-1", "skip_signature": True}}, {})
    assert places.open("s3://lake") is places.open("s3://lake")


@pytest.mark.parametrize(
    ("root", "options"),
    [
        ("gs://lake", {"skip_signature": True}),
        ("az://box", {"account_name": "account", "skip_signature": True}),
        ("https://data.example", {}),
    ],
)
def test_other_clouds_and_web_servers_are_opened_without_asking_them(root, options):
    assert RemotePlaces({root: options}, {}).open(root)


def test_an_option_that_there_is_not_is_named_without_values():
    places = RemotePlaces({"s3://lake": {"regoin": "eu", "secret_access_key": "${S}"}}, {"S": "hidden"})
    with pytest.raises(
        DeclarationError, match="s3://lake cannot be opened with these options: regoin, secret"
    ) as refused:
        places.open("s3://lake")
    assert "hidden" not in str(refused.value)


def test_secrets_do_not_show_where_places_are_printed():
    assert "hidden" not in repr(RemotePlaces({"s3://lake": {"secret_access_key": "${S}"}}, {"S": "hidden"}))


def test_the_root_is_bucket_or_server():
    assert root_of("https://host:8080/a/b.csv") == "https://host:8080"
    assert root_of("s3://lake") == "s3://lake"
