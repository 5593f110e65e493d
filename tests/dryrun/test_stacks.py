"""The project's own program and stacks under the embedded engine."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi.runtime import set_all_config

from deployment.checks import policy
from stacks.reader import read_stack_file

ROOT = Path(__file__).parents[2]
CANARY = "hf_canaryCanaryCanary0123456789"


def preview(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the embedded engine in this project, closed off from the Hub."""
    return subprocess.run(  # noqa: S603 - this project's own command
        [sys.executable, "-m", "dryrun", "preview", *arguments, "--format", "json"],
        cwd=ROOT,
        env={**os.environ, "HF_HUB_OFFLINE": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def documents(folder: Path) -> list[dict[str, Any]]:
    """Return the manifests of a folder as ``kubectl apply -f`` would read them."""
    return [yaml.safe_load(path.read_text()) for path in sorted(folder.glob("*.yaml"))]


def test_the_demo_passes_and_is_rendered(tmp_path: Path) -> None:
    """One document a file, the namespace first, and no file that kubectl would mistake for a manifest."""
    done = preview("demo", "--out", str(tmp_path / "out"))
    plan = json.loads(done.stdout)
    kinds = [document["kind"] for document in documents(tmp_path / "out")]
    assert (0, "Namespace", len(plan["manifests"]), []) == (
        done.returncode,
        kinds[0],
        len(kinds),
        [path.name for path in (tmp_path / "out").glob("*.json")],
    )


def test_a_bad_model_fails_alone() -> None:
    """The others of the stack are planned all the same, and nothing is said against them."""
    done = preview("examples/stacks/Pulumi.broken.yaml")
    plan = json.loads(done.stdout)
    blamed = {entry["urn"].rsplit("::", 1)[-1] for entry in plan["diagnostics"] if entry["severity"] == "error"}
    deployments = [step["name"] for step in plan["steps"] if step["type"] == "kubernetes:apps/v1:Deployment"]
    assert (1, {"pickled", "slipway-broken"}, 2) == (done.returncode, blamed, len(deployments))


def test_an_outage_is_no_failure() -> None:
    """Models of the Hub could not be checked: exit 3, and no traceback."""
    done = preview("dev")
    assert (3, "unknown", "") == (done.returncode, json.loads(done.stdout)["result"], done.stderr)


@pytest.mark.parametrize("stack", ["demo", "dev", "staging", "prod", "examples/stacks/Pulumi.shared.yaml"])
def test_no_object_breaks_its_schema(stack: str) -> None:
    """Whatever is planned while the Hub is away fits the API."""
    plan = json.loads(preview(stack).stdout)
    urns = {step["urn"] for step in plan["steps"] if step["type"].startswith("kubernetes:")}
    assert [] == [entry for entry in plan["diagnostics"] if entry["severity"] == "error" and entry["urn"] in urns]


def test_no_secret_of_a_real_stack_is_shown_or_written(tmp_path: Path) -> None:
    """Neither the environment's token, nor a sealed key, nor its stand-in; the Secrets are named instead."""
    text = (ROOT / "stacks" / "Pulumi.demo.yaml").read_text()
    unsealed = "\n".join(line for line in text.splitlines() if "apiKeySecret" not in line and "endpoint:" not in line)
    sealed = unsealed.replace("config:\n", "config:\n  slipway:apiKey: {secure: v1:cipherCanary:x}\n", 1)
    (tmp_path / "Pulumi.sealed.yaml").write_text(sealed)
    done = preview(str(tmp_path / "Pulumi.sealed.yaml"), "--out", str(tmp_path / "out"), HF_TOKEN=CANARY)
    written = [path.read_text() for path in (tmp_path / "out").iterdir()]
    everything = done.stdout + done.stderr + "".join(written)
    assert (0, 2, []) == (
        done.returncode,
        (tmp_path / "out" / "secrets.txt").read_text().count("\nSecret inference/"),
        [needle for needle in (CANARY, "cipherCanary", "stand-in:") if needle in everything],
    )


def test_a_stand_in_is_never_taken_for_a_token() -> None:
    """The Hub would refuse it, and the model would fail for no fault of its own."""
    config = {"slipway:huggingFaceToken": "stand-in:slipway:huggingFaceToken"}
    settings = read_stack_file(ROOT / "stacks" / "Pulumi.demo.yaml").located({}, frozenset({"huggingFaceToken"}))
    tokens = []
    for values in (config, {"slipway:huggingFaceToken": CANARY}):
        set_all_config(values)
        tokens.append(policy(settings).sources.token)
    set_all_config({})
    assert [None, CANARY] == tokens


def test_a_plan_is_the_same_twice(tmp_path: Path) -> None:
    """No chance, no time and no order of arrival is in it."""
    texts = []
    for name in ("a", "b"):
        preview("demo", "--out", str(tmp_path / name))
        texts.append([(path.name, path.read_text()) for path in sorted((tmp_path / name).iterdir())])
        shutil.rmtree(tmp_path / name)
    assert texts[0] == texts[1]
