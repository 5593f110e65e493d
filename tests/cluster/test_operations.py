"""The commands of docs/operations.md, run as they stand there, one section after the other."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.control_plane import ControlPlane, until
from tests.cluster.inventory import everything
from tests.engine.cli import Engine, make_engine
from tests.hub.fixtures import tiny_chat_files
from tests.hub.repository import Repository
from tests.hub.server import Hub
from tests.hub.stacks import stack_repositories

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
STACK, NAMESPACE, MODEL = "dev", "inference-dev", "granite"
SOURCE = "ibm-granite/granite-3.3-2b-instruct"
VERSION = "app.kubernetes.io/version"
WORDS = re.compile(r"\b(STACK|NAMESPACE|MODEL|NODE|COMMIT)\b")


def blocks(section: str) -> list[str]:
    """Return the shell blocks of a section that need no Pulumi CLI, in their order."""
    text = PAGE.read_text(encoding="utf-8").partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [block for block in found if "pulumi up" not in block]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Somebody with a checkout, a kubectl and the page."""

    engine: Engine
    cluster: ControlPlane
    environment: Mapping[str, str]

    def run(self, block: str, **words: str) -> str:
        """Run a block of the page with its words in capitals filled in; it has to succeed."""
        given = {"STACK": STACK, "NAMESPACE": NAMESPACE, "MODEL": MODEL, **words}
        done = subprocess.run(  # noqa: S603 - what the page tells people to run
            ["bash", "-euo", "pipefail", "-c", WORDS.sub(lambda word: given[word[0]], block)],  # noqa: S607 - on PATH
            cwd=self.engine.folder,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def servers(self) -> list[Any]:
        """Return the model's server pods that are not on their way out."""
        chosen = f"app.kubernetes.io/instance={MODEL},app.kubernetes.io/component=server"
        items = self.cluster.get("pods", "-n", NAMESPACE, "-l", chosen)["items"]
        return [each for each in items if "deletionTimestamp" not in each["metadata"]]

    def commits(self) -> set[str]:
        """Return the commits of the model's servers, in their shortened form."""
        return {each["metadata"]["labels"][VERSION] for each in self.servers()}

    def nodes(self) -> set[str]:
        """Return the nodes of the model's servers."""
        return {each["spec"].get("nodeName", "") for each in self.servers()}

    def claims(self) -> set[str]:
        """Return the commits of the volumes."""
        items = self.cluster.get("persistentvolumeclaims", "-n", NAMESPACE)["items"]
        return {each["metadata"]["labels"][VERSION] for each in items}


@pytest.fixture
def operator(cluster: ControlPlane, namespace: str, hub: Hub, tmp_path: Path) -> Operator:  # noqa: ARG001 - cleans up
    """Return an operator whose kubectl speaks to the test's control plane."""
    engine = make_engine(tmp_path)
    tools = tmp_path / "bin"
    tools.mkdir()
    kubectl = tools / "kubectl"
    arguments = f"--kubeconfig='{cluster.kubeconfig}' --cache-dir='{cluster.cache}'"
    kubectl.write_text(f"#!/bin/sh\nexec '{cluster.choice.kubectl}' {arguments} \"$@\"\n")
    kubectl.chmod(0o755)
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    return Operator(
        engine=engine, cluster=cluster, environment={**engine.environment, "PATH": path, "HF_ENDPOINT": hub.url}
    )


@pytest.fixture
def move(hub: Hub) -> Iterator[Callable[[], Repository]]:
    """Give a function that pushes another commit to the model's repository; it is taken back at the end."""
    (original,) = [each for each in stack_repositories() if each.id == SOURCE]

    def moved() -> Repository:
        files = {**original.files, "README.md": tiny_chat_files()["README.md"] + b"moved\n"}
        return hub.add(Repository(id=SOURCE, files=files, parameters=original.parameters, card=original.card))

    yield moved
    hub.add(original)


def test_install_update_roll_back_drain_and_remove(
    operator: Operator, cluster: ControlPlane, hub: Hub, move: Callable[[], Repository]
) -> None:
    """Each command of the page does what the page says, in the order in which an operator meets them."""
    before = everything(cluster)
    first = hub.repositories[SOURCE].commit[:12]
    for block in blocks("Install"):
        operator.run(block)
    assert {first} == operator.commits()

    second = move().commit[:12]
    pin, apply, tidy = blocks("Update a model")
    operator.run(pin)
    operator.run(apply)
    assert ({second}, {first, second}) == (operator.commits(), operator.claims())

    (back,) = blocks("Roll back")
    operator.run(back)
    assert {first} == operator.commits()

    operator.run("kubectl apply --server-side -f out/STACK; kubectl -n NAMESPACE rollout status deployment/MODEL")
    operator.run(tidy, COMMIT=second)
    assert ({second}, {second}) == (operator.commits(), operator.claims())

    drain, uncordon = blocks("Drain a node")
    (drained,) = operator.nodes()
    operator.run(drain, NODE=drained)
    until("the server has not moved", lambda: operator.nodes().isdisjoint({"", drained}))
    operator.run(uncordon, NODE=drained)
    assert {second} == operator.commits()

    (remove,) = blocks("Remove everything")
    operator.run(remove)
    until("something is left", lambda: everything(cluster) <= before)


def test_a_namespace_that_is_there_already_is_looked_at_first(operator: Operator, cluster: ControlPlane) -> None:
    """Pod Security says what it would refuse, and then refuses it; the stack's own pods are taken."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "foreign", "namespace": NAMESPACE},
        "spec": {"containers": [{"name": "foreign", "image": "example.com/foreign:1"}]},
    }
    cluster.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}])
    until("the namespace has no service account", lambda: cluster.get("serviceaccount", "default", "-n", NAMESPACE))
    cluster.apply([pod])
    file = operator.engine.folder / "stacks" / f"Pulumi.{STACK}.yaml"
    text = file.read_text()
    file.write_text(text.replace(f"namespace: {NAMESPACE}", f"namespace: {NAMESPACE}\n    createNamespace: false"))

    said = operator.run(blocks("Import an existing namespace")[0])
    operator.run("\n".join(line for line in "\n".join(blocks("Install")).splitlines() if "01-namespace" not in line))

    assert "foreign" in said
    assert "violate the new PodSecurity enforce level" in said
    assert len(operator.commits()) == 1


@pytest.mark.parametrize("section", ["Install", "Import an existing namespace", "Mend an update that was interrupted"])
def test_a_section_names_the_cli_too(section: str) -> None:
    """What cannot be run without the CLI is at least there."""
    assert "pulumi up" in PAGE.read_text(encoding="utf-8").partition(f"\n## {section}\n")[2].partition("\n## ")[0]
