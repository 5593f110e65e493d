"""The real CLI on the real API server: up, refresh, another commit, a kill in the middle and what mends it, destroy."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.conftest import NAMESPACE, config, ready
from tests.cluster.control_plane import ControlPlane, until
from tests.cluster.inventory import everything
from tests.engine.canary import CANARY, bodies, leaks
from tests.engine.cli import Done, Engine, make_engine
from tests.engine.conftest import missing
from tests.hub.fixtures import tiny_chat, tiny_chat_files
from tests.hub.server import Hub

STACK = "cluster"
VERSION = "app.kubernetes.io/version"
ADOPT = {"PULUMI_K8S_UPSERT_EXISTING_OBJECTS": "true"}  # else what exists already is an error
KEY = f"{CANARY}-key"  # long enough for an API key
pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A stack of one model with a Hub token and an API key of its own, both canaries, on the test's control plane."""

    engine: Engine
    cluster: ControlPlane

    def pulumi(self, command: str, *options: str, **environment: str) -> Done:
        """Run a command that has to succeed."""
        done = self.engine.pulumi(command, "--stack", STACK, *options, **environment)
        assert done.code == 0, done.said
        return done

    def unchanged(self) -> None:
        """Assert that neither the program nor the cluster has anything that the other lacks."""
        self.pulumi("refresh", "--yes", "--expect-no-changes")
        self.pulumi("preview", "--expect-no-changes")

    def killed_up(self, when: str) -> None:
        """Run ``pulumi up``, and kill it with all its children as soon as a kind of object is there."""
        command = ["pulumi", "up", "--stack", STACK, "--yes", "--skip-preview", "--non-interactive"]
        process = subprocess.Popen(  # noqa: S603 - the CLI that the tests are for
            command,
            cwd=self.engine.folder,
            env=dict(self.engine.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        with _killed(process):
            until(f"there is no {when}", lambda: self.cluster.get(when, "-n", NAMESPACE)["items"])
            assert process.poll() is None, "the update was over before it could be killed"

    def holders(self) -> set[str]:
        """Return the kinds of objects in the cluster that hold a canary, but for Secrets."""
        found = self.cluster.kubectl("api-resources", "--verbs=list", "--namespaced=true", "-o", "name").stdout.split()
        kinds = ",".join(kind for kind in found if kind != "secrets")
        items = self.cluster.get(kinds, "-n", NAMESPACE, "--show-managed-fields")["items"]
        return {each["kind"] for each in items if leaks(yaml.safe_dump(each).encode())}


@pytest.fixture
def deployment(cluster: ControlPlane, namespace: str, hub: Hub, tmp_path: Path) -> Iterator[Deployment]:  # noqa: ARG001 - cleans up
    """Give a stack that was not deployed yet."""
    made = make_engine(tmp_path)
    environment = {**made.environment, "KUBECONFIG": str(cluster.kubeconfig), "HF_ENDPOINT": hub.url}
    engine = replace(made, environment=environment)
    hub.tokens[CANARY] = "read"
    settings = config(tiny={"endpoint": {"visibility": "private"}})
    path = engine.folder / "stacks" / f"Pulumi.{STACK}.yaml"
    path.write_text(yaml.safe_dump({"config": {f"slipway:{key}": value for key, value in settings.items()}}))
    engine.select(STACK)
    for key, value in (("apiKey", KEY), ("huggingFaceToken", CANARY)):
        done = engine.pulumi("config", "set", "--secret", f"slipway:{key}", value, "--stack", STACK)
        assert done.code == 0, done.said
    yield Deployment(engine=engine, cluster=cluster)
    hub.add(tiny_chat("example/tiny-chat"))
    del hub.tokens[CANARY]


def test_up_is_whole_and_holds_its_secrets_in_secrets_only(deployment: Deployment) -> None:
    """Everything is available, nothing is left to do, and the canaries are in no output, state or other object."""
    done = deployment.pulumi("up", "--yes")
    ready(deployment.cluster, "tiny", 1)
    deployment.unchanged()
    exported = deployment.engine.export(STACK)

    texts = [done.said.encode(), exported.said.encode(), *bodies(deployment.engine.state)]
    assert [] == [text for text in texts if leaks(text)]
    assert set() == deployment.holders()


def test_another_commit_replaces_volume_and_servers(deployment: Deployment, hub: Hub) -> None:
    """The new volume is filled before the servers move, and the old one is gone at the end of the update."""
    deployment.pulumi("up", "--yes")
    old = _claims(deployment.cluster)
    moved = hub.add(tiny_chat("example/tiny-chat", files={**tiny_chat_files(), "README.md": b"# moved\n"}))

    deployment.pulumi("up", "--yes")
    ready(deployment.cluster, "tiny", 1)

    assert moved.commit[:12] == _server(deployment.cluster)["metadata"]["labels"][VERSION]
    assert _claims(deployment.cluster).isdisjoint(old)
    deployment.unchanged()


@pytest.mark.parametrize("when", ["persistentvolumeclaims", "deployments"])
def test_an_update_that_was_killed_is_mended_by_another(deployment: Deployment, when: str) -> None:
    """As docs/operations.md says: the lock goes, what was on its way is taken as it is, and the update converges."""
    deployment.killed_up(when)

    deployment.pulumi("cancel", "--yes")
    deployment.pulumi("refresh", "--yes", "--clear-pending-creates")
    deployment.pulumi("up", "--yes", **ADOPT)
    deployment.pulumi("up", "--yes")

    ready(deployment.cluster, "tiny", 1)
    deployment.unchanged()


def test_destroy_leaves_nothing(deployment: Deployment) -> None:
    """Neither in the cluster nor in the state."""
    before = everything(deployment.cluster)
    deployment.pulumi("up", "--yes")

    deployment.pulumi("destroy", "--yes")

    until("something is left", lambda: everything(deployment.cluster) <= before)
    assert [] == deployment.engine.resources(STACK)


def test_a_namespace_that_was_applied_by_hand_is_taken_over(deployment: Deployment) -> None:
    """What `kubectl apply` made from the rendered files is adopted by the first update, and nothing is replaced."""
    rendered = deployment.engine.embedded(STACK, "--out", "out/by-hand")
    assert rendered.code == 0, rendered.said
    folder = deployment.engine.folder / "out" / "by-hand"
    first = min(folder.glob("*-namespace-*.yaml"))
    deployment.cluster.kubectl("apply", "--server-side", "-f", str(first))
    deployment.cluster.kubectl("apply", "--server-side", "-f", str(folder))
    claims = _uids(deployment.cluster, "persistentvolumeclaims")

    deployment.pulumi("up", "--yes", **ADOPT)
    deployment.pulumi("up", "--yes")

    ready(deployment.cluster, "tiny", 1)
    deployment.unchanged()
    assert claims == _uids(deployment.cluster, "persistentvolumeclaims")


@contextmanager
def _killed(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Kill a process and its children at the end of the block."""
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _server(cluster: ControlPlane) -> Mapping[str, Any]:
    found: Mapping[str, Any] = cluster.get("deployment", "tiny", "-n", NAMESPACE)
    return found


def _claims(cluster: ControlPlane) -> set[str]:
    return set(_uids(cluster, "persistentvolumeclaims"))


def _uids(cluster: ControlPlane, kind: str) -> Mapping[str, str]:
    items = cluster.get(kind, "-n", NAMESPACE)["items"]
    return {each["metadata"]["name"]: each["metadata"]["uid"] for each in items}
