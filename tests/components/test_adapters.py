"""LoRA adapters: fetched with their model, at their own commits, and named to the server."""

import json
from typing import Any

import pytest
import yaml

from components.model_weights import ModelWeights
from components.server import sizes
from components.server.arguments import arguments, config_text
from components.weights.selection import adapter_files, adapter_folder, server_files
from tests.components.examples import GIB, service_args, weights_args
from tests.components.recording import Recording, record

COMMIT = "fedcba9876543210fedcba9876543210fedcba98"
OTHER = "0" * 40
FILES: list[Any] = [
    {"path": "README.md", "size": 10},
    {"path": "adapter_config.json", "size": 400, "blob_id": "d" * 40},
    {"path": "adapter_model.safetensors", "size": 9000, "sha256": "e" * 64},
]
WANTED = ("adapter_config.json", "adapter_model.safetensors")


def weights(commit: str = COMMIT, *, adapted: bool = True) -> Recording:
    """Return what a model's weights register, with one adapter at a commit or without."""
    files = [*weights_args()["files"], *(adapter_files("sql", "acme/sql", commit, FILES, WANTED) if adapted else [])]
    return record(lambda: ModelWeights("granite", weights_args(files=files)))


def manifest(recording: Recording) -> dict[str, Any]:
    """Return the manifest that the prefetch reads."""
    found: dict[str, Any] = json.loads(recording.one("ConfigMap")["data"]["manifest.json"])
    return found


def test_an_adapter_lies_beside_its_model_at_its_own_commit() -> None:
    """The prefetch brings two files of it, verified, into a folder that no model's file is fetched into."""
    own = [each for each in manifest(weights())["files"] if "repository" in each]

    assert [
        {
            "path": ".adapters/sql/adapter_config.json",
            "size": 400,
            "blob_id": "d" * 40,
            "repository": "acme/sql",
            "commit": COMMIT,
            "source": "adapter_config.json",
        },
        {
            "path": ".adapters/sql/adapter_model.safetensors",
            "size": 9000,
            "sha256": "e" * 64,
            "repository": "acme/sql",
            "commit": COMMIT,
            "source": "adapter_model.safetensors",
        },
    ] == own


def test_no_file_of_a_model_is_fetched_into_an_adapters_folder() -> None:
    """A repository that holds such a folder itself cannot put anything there."""
    planted: Any = {"path": f"{adapter_folder('sql')}/adapter_config.json", "size": 1}

    assert [] == server_files([planted], [])


def test_another_commit_of_an_adapter_fills_another_volume() -> None:
    """Servers that read the old adapter keep it until they are replaced; without adapters the name is the commit's."""
    names = {
        recording.one("PersistentVolumeClaim")["metadata"]["name"]
        for recording in (weights(), weights(OTHER), weights(adapted=False))
    }

    assert 3 == len(names)
    assert [4, 5, 5] == sorted(len(name.split("-")) for name in names)


def test_the_server_is_told_where_each_adapter_lies() -> None:
    """Each is a string of JSON, which vLLM's loader of the file leaves as it is."""
    args = service_args(
        adapters=[{"name": "sql", "path": "0123/.adapters/sql"}], max_lora_rank=16, max_loras=1, max_cpu_loras=2
    )
    flags = yaml.safe_load(config_text(arguments(args, 120)))

    assert (True, 16, 1, 2) == (
        flags["enable-lora"],
        flags["max-lora-rank"],
        flags["max-loras"],
        flags["max-cpu-loras"],
    )
    assert [{"name": "sql", "path": "/models/0123/.adapters/sql", "base_model_name": "granite"}] == [
        json.loads(item) for item in flags["lora-modules"]
    ]


def test_without_adapters_the_server_makes_no_buffers() -> None:
    """Not a single flag of LoRA is set."""
    assert [] == [flag for flag in arguments(service_args(), 120) if "lora" in flag]


@pytest.mark.parametrize("gpus", [1, 4])
def test_every_worker_keeps_the_adapters_in_memory(gpus: int) -> None:
    """A GiB of adapters is a GiB for each GPU's process."""
    assert gpus * GIB == sizes.memory(gpus, multimodal=False, adapters=GIB) - sizes.memory(gpus, multimodal=False)
