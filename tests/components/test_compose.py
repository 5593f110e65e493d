"""The script that runs before vLLM, run for real."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from components.server import compose

SCRIPT = Path(compose.__file__)
KEY = "canary-key-0123456789"
DIGEST = "d" * 64


@pytest.fixture
def pod(tmp_path: Path) -> dict[str, str]:
    """Return the variables of a pod with arguments, one key, and complete weights."""
    (tmp_path / "args.yaml").write_text("max-model-len: 8192\nserved-model-name:\n- granite\n")
    keys = tmp_path / "keys"
    keys.mkdir()
    (keys / "..data").mkdir()
    (keys / "key").write_text(f"{KEY}\n")
    (tmp_path / "complete.json").write_text(json.dumps({"manifest": DIGEST}))
    return {
        "SLIPWAY_ARGUMENTS": str(tmp_path / "args.yaml"),
        "SLIPWAY_CONFIG": str(tmp_path / "config.yaml"),
        "SLIPWAY_KEYS": str(keys),
        "SLIPWAY_MARKER": str(tmp_path / "complete.json"),
        "SLIPWAY_DIGEST": DIGEST,
    }


def test_the_pods_own_command_writes_arguments_and_key(pod: dict[str, str]) -> None:
    """Run as a process of its own, isolated; the file is YAML as vLLM reads it, and the log says nothing."""
    done = subprocess.run(  # noqa: S603 - the project's own script
        [sys.executable, "-I", "-S", str(SCRIPT)], env=pod, capture_output=True, text=True, check=False
    )

    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)
    target = Path(pod["SLIPWAY_CONFIG"])
    assert {"max-model-len": 8192, "served-model-name": ["granite"], "api-key": [KEY]} == yaml.safe_load(
        target.read_text()
    )
    assert 0o600 == target.stat().st_mode & 0o777


def test_a_restarted_pod_writes_the_file_again(pod: dict[str, str]) -> None:
    """The volume outlives the container."""
    assert [0, 0] == [compose.main(pod), compose.main(pod)]


def test_every_entry_of_the_secret_is_a_key(pod: dict[str, str]) -> None:
    """Two keys are valid while clients change over."""
    (Path(pod["SLIPWAY_KEYS"]) / "next").write_text("another-key-0123456789")

    assert 0 == compose.main(pod)
    assert [KEY, "another-key-0123456789"] == yaml.safe_load(Path(pod["SLIPWAY_CONFIG"]).read_text())["api-key"]


@pytest.mark.parametrize(
    "key",
    [
        "",
        "short",
        "-starts-with-a-dash-0123",
        "with a space in the middle",
        "two\nlines-0123456789",
        "null\0byte-0123456789",
    ],
)
def test_a_key_that_cannot_be_used_stops_the_pod_without_being_shown(
    pod: dict[str, str], key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A leading dash would be read as a flag; a short key can be guessed."""
    (Path(pod["SLIPWAY_KEYS"]) / "key").write_text(key)

    assert 1 == compose.main(pod)
    printed = capsys.readouterr()
    assert printed.err.startswith("slipway: API key `key` is not usable: ")
    assert not key or key not in printed.err


def test_the_caches_are_made_before_anybody_looks_for_them(pod: dict[str, str], tmp_path: Path) -> None:
    """Some libraries expect their folder, and HOME, to be there."""
    pod["SLIPWAY_FOLDERS"] = f"{tmp_path}/cache/home {tmp_path}/cache/vllm"

    assert 0 == compose.main(pod)
    assert ["home", "vllm"] == sorted(each.name for each in (tmp_path / "cache").iterdir())


def test_an_empty_secret_stops_the_pod(pod: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """A server without its key would answer everybody."""
    (Path(pod["SLIPWAY_KEYS"]) / "key").unlink()

    assert 1 == compose.main(pod)
    assert "slipway: the Secret of the API key is empty\n" == capsys.readouterr().err
    assert not Path(pod["SLIPWAY_CONFIG"]).exists()


def test_without_a_secret_there_is_no_key(pod: dict[str, str]) -> None:
    """A private model may be served without one."""
    del pod["SLIPWAY_KEYS"]

    assert 0 == compose.main(pod)
    assert "api-key" not in Path(pod["SLIPWAY_CONFIG"]).read_text()


@pytest.mark.parametrize("marker", [None, "", "[]", "{", '{"manifest": "other"}'])
def test_weights_that_are_not_complete_stop_the_pod(pod: dict[str, str], marker: str | None) -> None:
    """VLLM never starts on half a model, or on another commit's."""
    path = Path(pod["SLIPWAY_MARKER"])
    path.unlink()
    if marker is not None:
        path.write_text(marker)

    assert 1 == compose.main(pod)
    assert not Path(pod["SLIPWAY_CONFIG"]).exists()


def test_a_claim_that_somebody_else_fills_has_no_marker(pod: dict[str, str]) -> None:
    """Without a digest there is nothing to wait for."""
    Path(pod["SLIPWAY_MARKER"]).unlink()
    pod["SLIPWAY_DIGEST"] = ""

    assert 0 == compose.main(pod)


def test_a_missing_file_is_one_line_and_no_traceback(pod: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """The reason is a name, never a content."""
    Path(pod["SLIPWAY_ARGUMENTS"]).unlink()

    assert 1 == compose.main(pod)
    assert "slipway: FileNotFoundError\n" == capsys.readouterr().err


def test_a_pod_of_several_nodes_waits_for_what_is_not_there_yet(pod: dict[str, str]) -> None:
    """It looks again every ten seconds, as long as it may, and goes on as soon as it is there."""
    marker, pauses = Path(pod["SLIPWAY_MARKER"]), list[float]()
    complete = marker.read_text()
    marker.unlink()

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            marker.write_text(complete)

    compose.wait(lambda: compose.check_marker(str(marker), DIGEST), 60, pause)
    assert [10, 10, 10] == pauses


def test_what_never_comes_is_told_when_the_time_is_over(pod: dict[str, str]) -> None:
    """Three looks in twenty seconds, and the reason of the last one."""
    pauses: list[float] = []

    with pytest.raises(compose.ComposeError, match="the volume holds the weights of another commit"):
        compose.wait(lambda: compose.check_marker(pod["SLIPWAY_MARKER"], "other"), 20, pauses.append)
    assert [10, 10] == pauses


def test_a_pod_on_one_node_does_not_wait(pod: dict[str, str]) -> None:
    """Kubernetes starts it again by itself, with growing pauses."""
    pauses: list[float] = []

    with pytest.raises(compose.ComposeError):
        compose.wait(lambda: compose.check_marker(pod["SLIPWAY_MARKER"], "other"), 0, pauses.append)
    assert [] == pauses


def test_the_leader_is_waited_for_by_its_name(pod: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """A name that nobody has ends the pod only when the time is over; a known one lets it on."""
    assert 0 == compose.main({**pod, "SLIPWAY_LEADER": "localhost"})
    assert 1 == compose.main({**pod, "SLIPWAY_LEADER": "granite-group-0.granite-group.invalid"})
    assert "slipway: the leader of this replica has no address yet: its pod is not scheduled\n" == (
        capsys.readouterr().err
    )
