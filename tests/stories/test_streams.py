"""A stream on a laptop: rows arrive in the spool, a worker keeps the view up, and says what it could not use."""

import json

import pytest
from tests.streamed_project import end, events, expected, messages, until


@pytest.fixture
def project(streamed, tmp_path):
    """The project with a state folder of its own for events, and an online store of its own."""
    return streamed.copied(tmp_path / "project")


def test_what_arrives_is_served_and_told(project):
    landings = events(3000)
    spool = project.spool()
    spool.append(messages(landings[:1000]))
    assert project.partitions()[0]["lag"] == 1000
    project("stream", "run", "--until-idle")
    spool.append(messages(landings[1000:]))
    told = json.loads(project("stream", "run", "--until-idle", "--json"))["streams"][0]
    assert told["source"] == told["topic"] == "landings"
    (part,) = told["partitions"]
    assert {name: part[name] for name in ("offset", "end", "lag", "events", "late", "dead")} == {
        "offset": 3000, "end": 3000, "lag": 0, "events": 3000, "late": 0, "dead": 0,
    }  # fmt: skip
    assert part["watermark"].startswith("2024-01-01T03:5")
    assert project.served() == expected(landings)
    assert "3,000" in project("stream", "status").replace("3000", "3,000")


def test_what_cannot_be_used_is_set_aside_with_the_reason(project):
    landings = events(500)
    good = messages(landings)
    late = b'{"carrier": "C00", "delay": 5, "landed_at": "2024-01-01T00:00:30Z"}'
    broken = [
        b"{", b"[]", b'{"carrier": "C00", "delay": "much", "landed_at": "2024-01-01T00:00:00Z"}',
        b'{"carrier": "C00", "landed_at": "2024-01-01T00:00:00Z"}', b"\xff\xfe",
        b'{"carrier": "C00", "delay": 1, "landed_at": null}',
    ]  # fmt: skip
    wider = [value.replace(b"{", b'{"gate": "A4", ', 1) for value in good[250:]]
    project.spool().append([*good[:250], *broken, *wider, late])
    project("stream", "run", "--until-idle")
    part = project.partitions()[0]
    assert (part["events"], part["dead"], part["late"], part["lag"]) == (507, 6, 1, 0)
    assert project.served() == expected(landings)
    aside = project.folder / ".sluiceway" / "aside" / "landings"
    dead = [json.loads(line) for path in (aside / "dead").iterdir() for line in path.read_text().splitlines()]
    assert [each["offset"] for each in dead] == list(range(250, 256))
    whys = [each["why"] for each in dead]
    assert "expected object" in whys[1]
    assert "column 'delay': expected integer" in whys[2]
    assert "column 'delay' is missing" in whys[3]
    assert "no event_time" in whys[5]
    (told,) = [json.loads(line) for path in (aside / "late").iterdir() for line in path.read_text().splitlines()]
    assert (told["offset"], told["why"], told["message"]) == (506, "late for delays", late.decode())


def test_a_killed_worker_and_its_spare_leave_exact_counts(project):
    landings = events(6000)
    spool, sent = project.spool(), messages(landings)
    first, spare = project.worker(), project.worker()
    for place in range(0, 3000, 100):
        spool.append(sent[place : place + 100])
    until(lambda: project.partitions()[0]["offset"] > 0, what="progress")
    owner = project.partitions()[0]["owner"]
    mine, other = (first, spare) if f"-{first.pid}-" in owner else (spare, first)
    spool.append(sent[3000:5000])
    end(mine, kill=True)
    spool.append(sent[5000:])
    until(lambda: project.partitions()[0]["lag"] == 0, what="no lag")
    assert f"-{other.pid}-" in project.partitions()[0]["owner"]
    assert "what was learnt is committed" in end(other)
    assert project.served() == expected(landings)
    assert project.partitions()[0]["events"] == 6000


def test_what_cannot_be_streamed_is_said(project):
    assert "source with a stream is called" in refused(project, "--source", "flights")
    text = (project.folder / "pipeline.py").read_text()
    (project.folder / "pipeline.py").write_text(
        text.replace(
            ',\n                     stream=sw.topic("landings", lateness="10m", key="carrier", clock="events")', ""
        )
    )
    assert "no source has a stream" in refused(project)
    (project.folder / "pipeline.py").write_text(text)
    project.environment["SLUICEWAY_EVENTS"] = "nats://there"
    assert "kafka" in refused(project)
    project.environment["SLUICEWAY_EVENTS"] = "kafka://user:secret@there"
    assert "spells a password out" in refused(project)
    project.environment |= {"SLUICEWAY_EVENTS": "", "SLUICEWAY_ONLINE": "dynamodb://eu-west-1/shop"}
    assert "set online to redis://" in refused(project)


def refused(project, *words):
    import subprocess

    from tests.streamed_project import COMMAND

    done = subprocess.run(
        [COMMAND, "stream", "status", *words], cwd=project.folder, env=project.environment, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2
    return done.stderr
