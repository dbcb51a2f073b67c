"""glassgrad watch: the server that hands out what is new, and the command line around it. The page: test_watch_page.py."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path
from urllib.parse import quote

import pytest

from glassgrad.cli import main
from glassgrad.watch import Runs, RunsError, Watch
from glassgrad.watch.runs import look
from glassgrad.watch.server import ServerError
from nn.training.liveness import hold


def line(**record):
    return json.dumps(record) + "\n"


def write_run(folder: Path, *, metrics="", telemetry="", config=None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if metrics:
        (folder / "metrics.jsonl").write_text(metrics)
    if telemetry:
        (folder / "telemetry.jsonl").write_text(telemetry)
    if config is not None:
        (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.fixture
def serve():
    servers = []

    def start(*paths, port=0):
        server = Watch(Runs([Path(path) for path in paths]), port)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def get(server, path, headers=None, method="GET"):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request(method, path, headers=headers or {})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def ask(server, path):
    answer, body = get(server, path)
    assert answer.status == 200, body
    return json.loads(body)


# ------------------------------------------------------------------------------------------------------ the server


def test_only_what_is_new_is_sent_and_a_torn_line_waits(serve, tmp_path):
    run = write_run(tmp_path / "a", metrics=line(step=1) + line(step=2) + '{"step"')
    server = serve(run)
    first = ask(server, "/records?run=a")
    assert [r["step"] for r in first["metrics"]["records"]] == [1, 2]
    assert first["telemetry"]["records"] == []
    with open(run / "metrics.jsonl", "a") as file:
        file.write(": 3}\n")
    then = ask(server, f"/records?run=a&metrics={first['metrics']['cursor']}")
    assert [r["step"] for r in then["metrics"]["records"]] == [3]
    # The cursor is the page's: a server that was started anew goes on from it.
    again = ask(serve(run), f"/records?run=a&metrics={then['metrics']['cursor']}")
    assert again["metrics"] == {
        "records": [],
        "cursor": then["metrics"]["cursor"],
        "anew": False,
        "more": False,
        "damaged": 0,
    }
    write_run(run, metrics=line(step=9))
    anew = ask(server, f"/records?run=a&metrics={then['metrics']['cursor']}")
    assert anew["metrics"]["anew"]
    assert [r["step"] for r in anew["metrics"]["records"]] == [9]


def test_a_host_of_another_name_is_turned_away(serve, tmp_path):
    server = serve(write_run(tmp_path / "a", metrics=line(step=1)))
    for host in ("evil.example", f"evil.example:{server.port}", "127.0.0.1", f"127.0.0.1:{server.port + 1}", ""):
        answer, body = get(server, "/runs", {"Host": host})
        assert answer.status == 421
        assert b"step" not in body
    assert get(server, "/runs", {"Host": f"localhost:{server.port}"})[0].status == 200


def test_the_server_listens_on_this_machine_only(serve, tmp_path):
    server = serve(write_run(tmp_path / "a", metrics=line(step=1)))
    assert server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize("path", ["/../etc/passwd", "/a/metrics.jsonl", "/records/", "/%2e%2e/x", "/runs/a"])
def test_there_are_three_addresses_and_no_more(serve, tmp_path, path):
    assert get(serve(write_run(tmp_path / "a", metrics=line(step=1))), path)[0].status == 404


@pytest.mark.parametrize("name", ["", "b", "../a", "/etc", "a/../a", "."])
def test_a_run_is_found_by_its_name_and_not_by_a_path(serve, tmp_path, name):
    server = serve(write_run(tmp_path / "a", metrics=line(step=1)))
    assert get(server, f"/records?run={quote(name, safe='')}")[0].status == 404


def test_a_cursor_that_is_none_and_other_methods_are_refused(serve, tmp_path):
    server = serve(write_run(tmp_path / "a", metrics=line(step=1)))
    answer, body = get(server, "/records?run=a&metrics=7")
    assert answer.status == 400
    assert "is no cursor" in json.loads(body)["error"]
    assert get(server, "/runs", method="POST")[0].status == 501
    answer, body = get(server, "/", method="HEAD")
    assert (answer.status, body) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 10_000


def test_an_address_that_is_none_is_refused(serve, tmp_path):
    server = serve(write_run(tmp_path / "a", metrics=line(step=1)))
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(f"GET http://[ HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode())
        assert b" 400 " in connection.recv(100)


def test_a_cursor_far_beyond_the_end_starts_anew(serve, tmp_path):
    server = serve(write_run(tmp_path / "a", metrics=line(step=1)))
    found = ask(server, f"/records?run=a&metrics={'9' * 18}-00000000")
    assert found["metrics"]["anew"]
    assert [r["step"] for r in found["metrics"]["records"]] == [1]


def test_what_is_not_finite_is_sent_as_json_has_it(serve, tmp_path):
    """A bare NaN, as other writers leave it, would make the page refuse the whole answer, of all runs at once."""
    bare = json.dumps({"step": 1, "loss": float("nan"), "more": [float("inf"), {"low": -float("inf")}]})
    run = write_run(tmp_path / "a", metrics=f"{bare}\n", config={"lr": float("nan")})
    server = serve(run)

    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    _, listed = get(server, "/runs")
    assert json.loads(listed, parse_constant=refuse)["runs"][0]["config"] == {"lr": "NaN"}
    _, records = get(server, "/records?run=a")
    assert json.loads(records, parse_constant=refuse)["metrics"]["records"] == [
        {"step": 1, "loss": "NaN", "more": ["Infinity", {"low": "-Infinity"}]}
    ]


def test_the_page_may_run_its_own_script_and_nothing_else(serve, tmp_path):
    answer, body = get(serve(tmp_path), "/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "unsafe-inline" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not re.search(r"(src|href)=.(https?:)?//", body.decode())


def test_an_unchanged_list_is_not_sent_again(serve, tmp_path):
    run = write_run(tmp_path / "runs" / "a", metrics=line(step=1))
    server = serve(tmp_path / "runs")
    tag = get(server, "/runs")[0].headers["ETag"]
    answer, body = get(server, "/runs", {"If-None-Match": tag})
    assert (answer.status, body) == (304, b"")
    with open(run / "metrics.jsonl", "a") as file:
        file.write(line(step=2))
    assert get(server, "/runs", {"If-None-Match": tag})[0].status == 200


# -------------------------------------------------------------------------------------------------------- the runs


def test_a_folder_of_runs_lists_those_that_appear(tmp_path):
    folder = tmp_path / "runs"
    folder.mkdir()
    runs = Runs([folder])
    assert [run["state"] for run in runs.listing()] == ["waiting"]
    write_run(folder / "b", metrics=line(step=1), config={"lr": 0.1})
    (folder / "notes").mkdir()
    assert list(runs.folders()) == ["b"]
    write_run(folder / "a", telemetry=line(kind="begin", step=0))
    assert list(runs.folders()) == ["a", "b"]
    assert runs.listing()[1]["config"] == {"lr": 0.1}


def test_runs_of_one_name_are_told_apart_by_their_path(tmp_path):
    paths = [write_run(tmp_path / place / "a", metrics=line(step=1)) for place in ("x", "y")]
    assert list(Runs([*paths, paths[0]]).folders()) == [str(path) for path in paths]


def test_a_run_may_not_exist_yet_but_a_typo_is_told(tmp_path):
    runs = Runs([tmp_path / "later"])
    assert runs.listing()[0]["state"] == "waiting"
    write_run(tmp_path / "later", metrics=line(step=1))
    assert runs.listing()[0]["state"] == "live"
    with pytest.raises(RunsError, match="there is no folder .*runz/a, and none around it"):
        Runs([tmp_path / "runz" / "a"])
    (tmp_path / "file").write_text("")
    with pytest.raises(RunsError, match="is a file"):
        Runs([tmp_path / "file"])


def end(outcome, step=5):
    return line(kind="begin", step=0) + line(kind="end", step=step, outcome=outcome, detail="by SIGINT")


@pytest.mark.parametrize(
    ("files", "state"),
    [
        ({}, "waiting"),
        ({"telemetry": end("finished")}, "finished"),
        ({"telemetry": end("stopped")}, "stopped"),
        ({"telemetry": end("failed")}, "failed"),
        ({"telemetry": end("finished") + '{"torn'}, "finished"),
        ({"telemetry": end("odd")}, "stopped"),
        ({"telemetry": line(kind="begin", step=0)}, "stopped"),  # nobody holds it: it was killed
        ({"metrics": line(step=5, split="train", epoch=1)}, "live"),
        ({"metrics": line(step=5, split="test", epoch=2), "config": {"epochs": 2}}, "finished"),
        # went on without telemetry after a part that had it
        ({"telemetry": end("stopped", 3), "metrics": line(step=5, split="train", epoch=1)}, "live"),
    ],
)
def test_the_state_of_a_run_is_read_from_what_it_left(tmp_path, files, state):
    run = write_run(tmp_path / "a", **files)
    found = look("a", run)
    if found.state == "live" and state == "stopped":
        pytest.skip("this system has no locks")
    assert found.state == state


def test_a_run_that_holds_its_file_is_live_and_a_silent_one_without_telemetry_is_not(tmp_path):
    run = write_run(tmp_path / "a", telemetry=line(kind="begin", step=0))
    with open(run / "telemetry.jsonl", "ab") as file:
        if not hold(file):
            pytest.skip("this system has no locks")
        assert look("a", run).state == "live"
    quiet = write_run(tmp_path / "b", metrics=line(step=1))
    os.utime(quiet / "metrics.jsonl", (0, time.time() - 3600))
    assert look("b", quiet).state == "stopped"


def test_a_damaged_config_is_none(tmp_path):
    run = write_run(tmp_path / "a", metrics=line(step=1))
    for text in ('{"lr":', "[1]", ""):
        (run / "config.json").write_text(text)
        assert look("a", run).config == {}


def test_a_taken_port_and_a_senseless_one_are_told():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(ServerError, match=r"is taken by another program. Give another --port"):
            Watch(Runs([Path()]), other.getsockname()[1])
    with pytest.raises(ServerError, match="cannot listen on port 70000"):
        Watch(Runs([Path()]), 70000)


# ------------------------------------------------------------------------------------------------ the command line


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """Run the command line in ``tmp_path``; gives its exit code and what it said on standard error."""
    pytest.importorskip("typer", reason="the command line needs the extra 'train'")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)  # which main() sets for its process

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["glassgrad", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code, capsys.readouterr().err

    return run


def test_the_command_serves_until_ctrl_c_and_ends_cleanly(tmp_path):
    pytest.importorskip("typer", reason="the command line needs the extra 'train'")
    (tmp_path / "runs").mkdir()
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    process = subprocess.Popen(
        [sys.executable, "-m", "glassgrad", "watch", "--no-open", "--port", "0"], cwd=tmp_path, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored where the tests run in the background
    )  # fmt: skip
    said = process.stdout.readline()
    port = int(re.search(r"watching 0 runs at http://127\.0\.0\.1:(\d+)/; none is there yet", said)[1])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/runs")
    assert json.loads(connection.getresponse().read())["runs"][0]["state"] == "waiting"
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=30)
    connection.close()
    assert process.returncode == 0
    assert "no longer watching" in out
    assert errors == ""


def test_a_taken_port_is_told_by_the_command(command, tmp_path):
    with Watch(Runs([tmp_path])) as server:
        code, complaint = command("watch", ".", "--no-open", "--port", str(server.port))
    assert code == 2
    assert complaint.startswith(f"error: port {server.port} is taken")


def test_a_folder_that_cannot_hold_a_run_is_told(command):
    code, complaint = command("watch", "nowhere/a", "--no-open")
    assert code == 2
    assert complaint.startswith("error: there is no folder nowhere/a")


def test_train_writes_telemetry_unless_told_not_to(command, tmp_path):
    train = ("train", "--epochs", "1", "--batch-size", "256", "--no-report", "--out")
    assert command(*train, "with")[0] == 0
    assert command(*train, "without", "--no-telemetry")[0] == 0
    assert look("a", tmp_path / "with").state == "finished"
    assert (tmp_path / "with" / "telemetry.jsonl").exists()
    assert not (tmp_path / "without" / "telemetry.jsonl").exists()
    assert look("b", tmp_path / "without").state == "finished"
    assert command("train", "--resume", "with", "--epochs", "2", "--no-report", "--no-telemetry")[0] == 0
    assert look("a", tmp_path / "with").state == "finished"
