"""What `lotse` says where nothing runs: mistakes in one line each, with what to do."""

import json
import os
import socket
from pathlib import Path

import psutil
import pytest
from click.testing import Result
from typer.testing import CliRunner

from lotse.contracts.config_file import load
from lotse.local import state
from lotse.local.cli import app
from lotse.local.state import Running
from lotse.local.tokens import people
from lotse.runtime import clock

CONFIG = Path(__file__).parents[3] / "config" / "lotse.yaml"


def lotse(*args: object) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args], env={"LOTSE_POSTGRES": None, "LOTSE_KAFKA": None})


def running(pid: int, born: float) -> Running:
    return Running(
        pid=pid,
        born=born,
        started_at=clock.now(),
        desk="http://127.0.0.1:1",
        ingest="http://127.0.0.1:2",
        standin=None,
        kafka="127.0.0.1:3",
        postgres="postgresql://127.0.0.1:4/lotse",
        prefix="lotse",
        config=CONFIG,
        pids={},
    )


def test_a_good_configuration_is_said_to_be_good():
    result = lotse("config", "check", CONFIG)
    assert result.exit_code == 0
    assert "good (3 accounts, 6 agents" in result.output


@pytest.mark.parametrize("name", ["lotse.yaml", "lotse.en.yaml"])
def test_the_example_has_one_person_of_each_role_to_sign_in_as(name: str):
    config = load((CONFIG.parent / name).read_text())
    assert people(config) == ["anna", "bruno", "jonas"]
    assert [agent for agent, card in config.agents.items() if not card.takes_work] == ["jonas"]


def test_each_mistake_of_a_configuration_is_one_line_with_its_place(tmp_path: Path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("language: fr\nteams:\n  a: {nmae: A}\n")
    result = lotse("config", "check", bad)
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert len(lines) == 3
    assert any(line.startswith(f"{bad}: line 1: language") for line in lines)
    assert any("line 3: teams.a.nmae" in line and "name" in line for line in lines)


def test_a_configuration_that_is_not_there_is_named(tmp_path: Path):
    result = lotse("config", "check", tmp_path / "none.yaml")
    assert result.exit_code == 1
    assert "none.yaml cannot be read: No such file" in result.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("topics", "list"),
        ("parked", "list"),
        ("unparsed", "list"),
        ("token",),
        ("play",),
        ("inbox", "reset", "lotse-inbound", "--service", "sla"),
    ],
)
def test_what_needs_a_running_stack_says_how_to_start_one(tmp_path: Path, command: tuple[str, ...]):
    result = lotse(*command, "--folder", tmp_path)
    assert result.exit_code == 1
    assert "start it with `make up`" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("content", ["not json", running(2**22 + 1, 0.0).model_dump_json()])
def test_a_file_left_by_a_stack_that_was_killed_is_recognised(tmp_path: Path, content: str):
    state.place(tmp_path).write_text(content)
    assert state.find(tmp_path) is None
    assert not state.place(tmp_path).exists()


def test_a_process_number_that_was_given_again_is_recognised(tmp_path: Path):
    me = psutil.Process()
    state.write(tmp_path, running(me.pid, me.create_time() - 100))
    assert state.find(tmp_path) is None
    state.write(tmp_path, running(me.pid, me.create_time()))
    assert state.find(tmp_path) == state.require(tmp_path)
    assert state.place(tmp_path).stat().st_mode & 0o077 == 0


def test_reset_forgets_the_data_and_keeps_what_was_downloaded(tmp_path: Path):
    for name in ("data/kafka", "logs", "traces", "kafka/libs"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "secrets.json").write_text("{}")
    declined = CliRunner().invoke(app, ["reset", "--folder", str(tmp_path)], input="n\n")
    assert declined.exit_code == 1
    assert (tmp_path / "data").exists()
    assert lotse("reset", "--folder", tmp_path, "--yes").exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["kafka"]
    assert "nothing to forget" in lotse("reset", "--folder", tmp_path, "--yes").output


def test_reset_leaves_a_running_stack_alone(tmp_path: Path):
    (tmp_path / "data").mkdir()
    state.write(tmp_path, running(os.getpid(), psutil.Process().create_time()))
    result = lotse("reset", "--folder", tmp_path, "--yes")
    assert result.exit_code == 1
    assert "stop it with Ctrl-C first" in result.stderr
    assert (tmp_path / "data").exists()


def test_a_play_on_real_providers_is_refused(tmp_path: Path):
    state.write(tmp_path, running(os.getpid(), psutil.Process().create_time()))
    result = lotse("play", "--folder", tmp_path)
    assert result.exit_code == 1
    assert "real customers" in result.stderr


@pytest.mark.parametrize("option", ["--desk-port", "--ingest-port"])
def test_a_port_that_is_taken_is_one_line_before_anything_starts(tmp_path: Path, option: str):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        other = "--ingest-port" if option == "--desk-port" else "--desk-port"
        args = ("--folder", tmp_path, "--config", CONFIG, option, taken.getsockname()[1], other, 0)
        result = lotse("up", *args)
    assert result.exit_code == 1
    assert f"choose another with {option}" in result.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(("missing", "remedy"), [("java", "install a Java runtime"), ("mvn", "install Maven")])
def test_a_missing_prerequisite_is_one_line_that_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str, remedy: str
):
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in {"java", "mvn"} - {missing}:
        (tools / name).symlink_to("/bin/true")
    monkeypatch.setenv("PATH", str(tools))
    monkeypatch.setenv("LOTSE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LOTSE_ENGINES", "embedded")
    result = lotse("up", "--config", CONFIG, "--desk-port", 0, "--ingest-port", 0)
    assert result.exit_code == 1
    assert remedy in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_mistake_in_the_configuration_stops_up_before_anything_starts(tmp_path: Path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("langage: de\n")
    result = lotse("up", "--folder", tmp_path, "--config", bad, "--desk-port", 0, "--ingest-port", 0)
    assert result.exit_code == 1
    assert "Did you mean 'language'?" in result.stderr
    assert not (tmp_path / "data").exists()


def test_every_command_explains_itself():
    listed = json.dumps(lotse("--help").output)
    for command in ("up", "demo", "play", "reset", "trace", "token", "parked", "unparsed", "topics", "inbox", "config"):
        assert command in listed
        assert lotse(command, "--help").exit_code == 0
