"""LoRA adapters from the stack file to the objects: what was checked is what is fetched and served."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deployment.rendering import Rendered, chat, render
from tests.hub.adapters import adapter, adapter_files, adapter_weights
from tests.hub.fixtures import tiny_chat
from tests.hub.repository import Repository
from tests.hub.server import running
from validation.sources.lock import write_lock
from validation.sources.read import SourceOptions, SourceRequest, read_all

VLLM = {"contract": "vllm"}
LOCAL = {"name": "sql", "source": "examples/adapters/tiny-sql", "path": "adapters/sql"}
SQL = adapter()
CHAT = tiny_chat()


def local(**changes: Any) -> dict[str, Any]:
    """Return a local model with a local adapter, both in one claim."""
    return chat("tiny", adapters=[LOCAL], **changes)


def hub_model(*adapters: Repository, **weights: str) -> dict[str, Any]:
    """Return a model of the Hub with adapters of the Hub, all of them pinned."""
    listed = [
        {"name": each.id.rpartition("/")[2], "source": f"hf://{each.id}", "revision": each.commit} for each in adapters
    ]
    return chat("tiny", source=f"hf://{CHAT.id}", revision=CHAT.commit, weights=weights, adapters=listed)


def locked(folder: Path, *adapters: Repository, keys: Any = None, **weights: str) -> Rendered:
    """Preview a model and adapters of a Hub that is gone by now: all that is known stands in locks."""
    with running() as hub:
        requests = [SourceRequest(f"hf://{hub.add(each).id}", each.commit) for each in (CHAT, *adapters)]
        for facts in read_all(requests, SourceOptions(endpoint=hub.url, token="")):
            write_lock(facts, folder / "locks")
    validation = {**VLLM, "locks": str(folder / "locks")}
    return render(folder, hub_model(*adapters, **weights), validation=validation, **(keys or {}))


def flags(rendered: Rendered) -> Any:
    """Return the flags of the server."""
    (found,) = [yaml.safe_load(each["data"]["args.yaml"]) for each in configs(rendered) if "args.yaml" in each["data"]]
    return found


def configs(rendered: Rendered) -> list[Any]:
    """Return the ConfigMaps."""
    return list(rendered.kinds("ConfigMap").values())


def test_an_adapter_in_the_models_claim_is_served_from_there(tmp_path: Path) -> None:
    """No pod downloads a folder; the stack says where it lies."""
    found = flags(render(tmp_path, local(), validation=VLLM))

    assert [{"name": "sql", "path": "/models/adapters/sql", "base_model_name": "tiny"}] == [
        json.loads(item) for item in found["lora-modules"]
    ]
    assert (8, 1) == (found["max-lora-rank"], found["max-loras"])


def test_an_adapter_of_the_hub_is_fetched_at_the_commit_that_was_checked(tmp_path: Path) -> None:
    """With the hash that the Hub stated, and the server reads it from where the prefetch has put it."""
    rendered = locked(tmp_path, SQL)
    (manifest,) = [
        json.loads(each["data"]["manifest.json"]) for each in configs(rendered) if "manifest.json" in each["data"]
    ]
    own = {each["source"]: each for each in manifest["files"] if each.get("repository") == "acme/sql"}
    (module,) = (json.loads(item) for item in flags(rendered)["lora-modules"])

    assert {"adapter_config.json", "adapter_model.safetensors"} == set(own)
    assert {SQL.commit} == {each["commit"] for each in own.values()}
    assert own["adapter_model.safetensors"]["sha256"]
    assert module["path"].endswith(own["adapter_config.json"]["path"].rpartition("/")[0])


@pytest.mark.parametrize(
    ("weights", "pool"),
    [
        ({"store": "node"}, {"cachePath": "/var/lib/models"}),
        ({"store": "image", "image": f"registry.example.com/tiny@sha256:{'a' * 64}", "path": "model"}, {}),
    ],
    ids=["node", "image"],
)
def test_every_store_holds_the_adapters_beside_the_model(
    tmp_path: Path, weights: dict[str, str], pool: dict[str, str]
) -> None:
    """A node's disk is filled with them, and an image is compared with the same list."""
    pools = [{"name": "l4", "gpu": "L4", "maxNodes": 8, "vcpusPerNode": 8, **pool}]
    rendered = locked(tmp_path, SQL, keys={"nodePools": pools}, **weights)
    listed = [
        json.loads(each["data"]["manifest.json"]) for each in configs(rendered) if "manifest.json" in each["data"]
    ]
    (module,) = (json.loads(item) for item in flags(rendered)["lora-modules"])
    (server,) = rendered.one("Deployment")["spec"]["template"]["spec"]["containers"]

    assert f"{server['args'][0]}/.adapters/sql" == module["path"]
    assert [True] == [
        any(file["path"] == ".adapters/sql/adapter_config.json" for file in each["files"]) for each in listed
    ]


def test_the_outputs_list_the_adapters(tmp_path: Path) -> None:
    """With the commit and the rank that are served."""
    outputs = locked(tmp_path, SQL).outputs["tiny"]

    assert {"sql": {"source": "hf://acme/sql", "commit": SQL.commit, "rank": 8}} == outputs["adapters"]
    assert 0 < outputs["memory"]["adapterBytes"]


def test_nobody_can_load_an_adapter_that_was_not_checked(tmp_path: Path) -> None:
    """The routes for that open only with a variable that is set nowhere."""
    rendered = locked(tmp_path, SQL)

    assert "RUNTIME_LORA" not in json.dumps(rendered.objects)


def test_one_buffer_holds_the_highest_rank_of_all(tmp_path: Path) -> None:
    """The smallest rank that vLLM takes above them, and as many at once as there are adapters."""
    wide = adapter("acme/wide", files=adapter_files(adapter_weights(rank=24), r=24))
    found = flags(locked(tmp_path, SQL, wide))

    assert (32, 2, 2) == (found["max-lora-rank"], found["max-loras"], found["max-cpu-loras"])
    assert ["sql", "wide"] == [json.loads(item)["name"] for item in found["lora-modules"]]


def test_a_refused_adapter_fails_the_preview_at_its_place(tmp_path: Path) -> None:
    """Nothing of the model is deployed with an adapter of another size."""
    wrong = {**LOCAL, "source": "examples/adapters/bad-size"}
    rendered = render(tmp_path, chat("tiny", adapters=[wrong]), validation=VLLM)

    assert 1 == rendered.code
    assert "error[adapter-shape-mismatch]: adapter `sql`" in rendered.text
    assert "slipway:models[0].adapters[0]" in rendered.text
    assert {} == rendered.kinds("Deployment")


def test_the_default_contract_takes_no_adapters(tmp_path: Path) -> None:
    """Managed Inference says nothing of them, so nobody has promised that they work."""
    rendered = render(tmp_path, local())

    assert 1 == rendered.code
    assert "error[adapter-not-in-contract]" in rendered.text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"adapters": [{**LOCAL, "name": "tiny"}]}, "models[0].adapters[0].name` is taken: a model"),
        ({"adapters": [LOCAL, {**LOCAL, "name": "text"}]}, "models[0].adapters[1].name` is a kind of content"),
        ({"adapters": [LOCAL, LOCAL]}, "models[0].adapters[1].name` is taken: an adapter"),
        (
            {"adapters": [{"name": "sql", "source": "examples/adapters/tiny-sql"}]},
            "models[0].adapters[0].path` is missing",
        ),
        ({"adapters": [{"name": "sql", "source": "hf://acme/sql"}]}, "models[0].adapters[0].source` is of the Hub"),
        ({"maxLoraRank": 16}, "models[0].maxLoraRank` means nothing without `adapters`"),
    ],
)
def test_what_adapters_cannot_be_is_told_at_its_key(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    """Before anything is read or made."""
    rendered = render(tmp_path, chat("tiny", **changes), validation=VLLM)

    assert 2 == rendered.code
    assert message in rendered.text
