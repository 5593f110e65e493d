"""A model with LoRA adapters on a real API server: admitted, served, untouched by a second apply, rolled to others."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.cluster.conftest import NAMESPACE, Rendering, config, ready
from tests.cluster.control_plane import ControlPlane
from tests.cluster.inventory import settled, state
from tests.hub.adapters import adapter, adapter_files
from tests.hub.repository import Repository
from tests.hub.server import Hub

Render = Callable[[Mapping[str, Any]], Rendering]
Deploy = Callable[[Rendering], list[str]]
BASE = "example/tiny-chat"


def trained(alpha: int = 16) -> Repository:
    """Return an adapter of the small chat model after one of several training runs."""
    return adapter("example/sql", files=adapter_files(base_model_name_or_path=BASE, lora_alpha=alpha))


def adapted() -> dict[str, Any]:
    """Return the config of a stack whose model has the adapter, on two GPUs of which none is spare."""
    model = {
        "adapters": [{"name": "sql", "source": "hf://example/sql"}],
        "replicas": {"min": 2},
        "weights": {"accessMode": "ReadWriteMany"},
    }
    return {**config(tiny=model), "validation": {"contract": "vllm"}}


def claims(rendering: Rendering) -> set[str]:
    """Return the names of the volumes' claims."""
    return {each["metadata"]["name"] for each in rendering.of_kind("PersistentVolumeClaim")}


def commits(rendering: Rendering) -> set[str]:
    """Return the commits of the adapters that the prefetch brings."""
    manifests = [
        each["data"]["manifest.json"] for each in rendering.of_kind("ConfigMap") if "manifest.json" in each["data"]
    ]
    return {file["commit"] for text in manifests for file in json.loads(text)["files"] if "commit" in file}


def test_a_model_with_an_adapter_is_admitted_and_a_second_apply_changes_nothing(
    cluster: ControlPlane, hub: Hub, render: Render, deploy: Deploy
) -> None:
    """No warning, all servers available, and not one managed field moved."""
    own = hub.add(trained())
    rendering = render(adapted())
    warnings = deploy(rendering)
    ready(cluster, "tiny", 2)
    before = settled(cluster, rendering.objects)

    deploy(render(adapted()))

    assert ([], {own.commit}) == (warnings, commits(rendering))
    assert before == state(cluster, rendering.objects)


def test_another_training_run_fills_another_volume_and_rolls_the_servers(
    cluster: ControlPlane, hub: Hub, render: Render, deploy: Deploy
) -> None:
    """The model's commit stays; its volume does not, since the servers still read the old adapter from it."""
    hub.add(trained())
    old = render(adapted())
    deploy(old)
    ready(cluster, "tiny", 2)
    moved = hub.add(trained(alpha=32))
    new = render(adapted())

    deploy(new)
    ready(cluster, "tiny", 2)
    template = cluster.get("deployment", "tiny", "-n", NAMESPACE)["spec"]["template"]["spec"]
    mounted = {
        each["persistentVolumeClaim"]["claimName"] for each in template["volumes"] if "persistentVolumeClaim" in each
    }

    assert {moved.commit} == commits(new) != commits(old)
    assert claims(new) == mounted
    assert claims(new).isdisjoint(claims(old))
