"""The folder on a node's own disk: filled once, swept safely."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from components.prefetch import run as prefetch
from components.prefetch.cache import read_cache
from components.weights.script import COMMAND, FOLDER
from tests.components.test_prefetch import COMMIT, Hub, Waits, entries, hub

__all__ = ["hub"]
OTHER = "89abcdef0123456789abcdef0123456789abcdef"
OLD, OLDER = f"{OTHER[:12]}-00000000", f"{OTHER[:12]}-11111111"


def node(tmp_path: Path, endpoint: str = "http://127.0.0.1:1", **models: list[dict[str, Any]]) -> dict[str, str]:
    """Write the manifests of a node's models and return the variables of its pod."""
    for name, files in models.items():
        stated = {"repository": "a/b", "commit": COMMIT, "endpoint": endpoint, "files": files}
        folder = tmp_path / "manifests" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "manifest.json").write_text(json.dumps(stated))
    return {
        "SLIPWAY_MODE": "fill",
        "SLIPWAY_MANIFESTS": str(tmp_path / "manifests"),
        "SLIPWAY_MODELS": " ".join(models),
        "SLIPWAY_CACHE": str(tmp_path / "disk/inference/l4"),
    }


def version(tmp_path: Path, name: str, folder: str, *, age: float | None) -> Path:
    """Make an old version of a model that was last wanted so long ago; None: it never got complete."""
    path = tmp_path / "disk/inference/l4" / name / folder
    (path / ".slipway").mkdir(parents=True)
    (path / "model.safetensors").write_bytes(b"old")
    if age is not None:
        marker = path / ".slipway/complete.json"
        marker.write_text("{}")
        os.utime(marker, (time.time() - age,) * 2)
    return path


def test_a_node_gets_every_model_of_its_pool_once(tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    """Each into a folder of its name, commit and list of files; a new pod on the node asks the Hub nothing."""
    variables = node(tmp_path, hub.address, granite=entries(), tiny=entries()[:1])
    assert 0 == prefetch.main(variables)
    manifest = (tmp_path / "manifests/granite/manifest.json").read_bytes()
    folder = tmp_path / f"disk/inference/l4/granite/{COMMIT[:12]}-{hashlib.sha256(manifest).hexdigest()[:8]}"

    assert {".slipway", "config.json", "model.safetensors"} == {each.name for each in folder.iterdir()}
    hub.asked.clear()
    assert 0 == prefetch.main(variables)
    assert [] == hub.asked
    assert "slipway: tiny: 0123456789ab-" in capsys.readouterr().out


def test_a_model_that_cannot_be_had_keeps_no_other_away(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    """One gated repository leaves the other models of the pool to be served, and the pod says which one it was."""
    hub.statuses["gated.json"] = [403]
    broken = [{"path": "gated.json", "size": 2}]

    assert 2 == prefetch.main(node(tmp_path, hub.address, broken=broken, granite=entries()))
    printed = capsys.readouterr().out
    assert "slipway: broken: `gated.json`: the token may not read this repository" in printed
    assert "slipway: 1 of 2 models are not complete on this node" in printed
    assert 0 == prefetch.main({**node(tmp_path, hub.address, granite=entries()), "SLIPWAY_MODE": "ready"})


def test_the_version_before_stays_and_older_ones_go(tmp_path: Path, hub: Hub) -> None:
    """Servers read the one before until the new ones run; what never got complete is of no use to anybody."""
    before = version(tmp_path, "granite", OLD, age=10)
    older = version(tmp_path, "granite", OLDER, age=1000)
    part = version(tmp_path, "granite", f"{OTHER[:12]}-22222222", age=None)

    assert 0 == prefetch.main(node(tmp_path, hub.address, granite=entries()))
    assert [True, False, False] == [before.exists(), older.exists(), part.exists()]


def test_a_roll_back_makes_an_old_version_the_newest_again(tmp_path: Path, hub: Hub) -> None:
    """What was wanted last is kept, not what was fetched last."""
    version(tmp_path, "granite", OLD, age=10)
    variables = node(tmp_path, hub.address, granite=entries())
    assert 0 == prefetch.main(variables)
    mine = read_cache(variables).folder("granite")
    os.utime(mine / ".slipway/complete.json", (1, 1))  # fetched long before the other one

    assert 0 == prefetch.main(variables)
    assert 0 == prefetch.main(node(tmp_path, hub.address, granite=entries()[:1]))
    assert mine.exists()
    assert not (mine.parent / OLD).exists()


def test_models_that_left_the_stack_are_removed(tmp_path: Path, hub: Hub) -> None:
    """With all their versions; the last model as well."""
    gone = version(tmp_path, "gone", OLD, age=10)
    assert 0 == prefetch.main(node(tmp_path, hub.address, granite=entries()))
    assert not gone.parent.exists()

    assert 0 == prefetch.main(node(tmp_path))
    assert [".slipway.lock"] == [each.name for each in (tmp_path / "disk/inference/l4").iterdir()]


def test_nothing_that_is_not_slipways_is_removed(tmp_path: Path, hub: Hub) -> None:
    """Neither beside the pool's folder, nor under a name of another form, nor behind a link."""
    outside = tmp_path / "outside" / OLD
    outside.mkdir(parents=True)
    (outside / "file").write_text("precious")
    root = tmp_path / "disk/inference/l4"
    kept = [
        version(tmp_path, "granite", "backup", age=10),
        version(tmp_path, "UPPER", OLD, age=10),
        version(tmp_path, "../h100/granite", OLD, age=10),
        version(tmp_path, "../../staging/l4/granite", OLD, age=10),
    ]
    (root / "link").symlink_to(outside.parent)
    (root / "granite" / OLDER).symlink_to(outside)

    assert 0 == prefetch.main(node(tmp_path, hub.address, tiny=entries()))
    assert [] == [path for path in kept if not (path / "model.safetensors").exists()]
    assert "precious" == (outside / "file").read_text()


def test_a_list_of_models_that_lacks_a_manifest_removes_nothing(tmp_path: Path) -> None:
    """A ConfigMap that is not there is no order to sweep."""
    kept = version(tmp_path, "granite", OLD, age=10)

    assert 1 == prefetch.main({**node(tmp_path), "SLIPWAY_MODELS": "granite"})
    assert 2 == prefetch.main({**node(tmp_path), "SLIPWAY_MODELS": "../../etc"})
    assert kept.exists()


def test_a_node_whose_disk_was_emptied_is_not_ready(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    """Then the DaemonSet shows it, and a new pod fills it again."""
    variables = node(tmp_path, hub.address, granite=entries())
    assert 0 == prefetch.main(variables)
    (read_cache(variables).folder("granite") / "model.safetensors").unlink()
    capsys.readouterr()

    assert 2 == prefetch.main({**variables, "SLIPWAY_MODE": "ready"})
    assert "slipway: not complete on this node: granite\n" == capsys.readouterr().out
    assert [0, 0] == [prefetch.main(variables), prefetch.main({**variables, "SLIPWAY_MODE": "ready"})]


def test_a_disk_that_is_gone_is_not_alive(tmp_path: Path, hub: Hub) -> None:
    """The process that holds the pod is restarted, and its mounts with it."""
    variables = node(tmp_path, hub.address, granite=entries())

    assert 1 == prefetch.main({**variables, "SLIPWAY_MODE": "alive"})
    assert [0, 0] == [prefetch.main(variables), prefetch.main({**variables, "SLIPWAY_MODE": "alive"})]


def test_the_process_that_holds_the_pod_ends_when_it_is_told() -> None:
    """Without waiting for the grace time, and although it is the first process of its container."""
    with (
        subprocess.Popen(  # noqa: S603 - the project's own command
            [sys.executable, *COMMAND[1:], "hold"], cwd=FOLDER.parent, stdout=subprocess.PIPE, text=True
        ) as held
    ):
        assert held.stdout is not None
        assert "slipway: this node has its models\n" == held.stdout.readline()
        held.send_signal(signal.SIGTERM)

        assert 0 == held.wait(timeout=30)


def test_a_cache_needs_no_wait_when_nobody_else_fills_it(tmp_path: Path, hub: Hub) -> None:
    """The lock is free."""
    waits = Waits()

    assert 0 == prefetch.main(node(tmp_path, hub.address, granite=entries()), waits)
    assert [] == waits.seconds
