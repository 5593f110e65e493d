"""LoRA adapters as they are deployed: their files beside the model's, at their commits, and what the server is told."""

from typing import Any

import pulumi

from components.server.args import LoraAdapterArgs
from components.weights.args import WeightFileArgs
from components.weights.selection import adapter_files, adapter_folder
from stacks.model import Model
from validation.adapter import CONFIG_FILE, WEIGHTS_FILE, Adapter
from validation.facts import File
from validation.report import Report

FILES = (CONFIG_FILE, WEIGHTS_FILE)  # all that vLLM reads of an adapter


def fetched(model: Model, report: Report) -> list[WeightFileArgs]:
    """Return the files of the model's adapters on the Hub; raise RunError where the Hub states no size."""
    found: list[WeightFileArgs] = []
    for adapter in report.adapters:
        facts = adapter.facts
        if facts.repository:
            files = [entry(model, file) for file in facts.files if file.path in FILES]
            found += adapter_files(adapter.name, facts.repository, facts.commit, files, FILES)
    return found


def served(model: Model, report: Report, folder: str) -> dict[str, Any]:
    """Return what a server is told of its adapters; ``folder`` is the model's inside its volume. Nothing for none."""
    plan = report.lora
    if plan is None:
        return {}
    return {
        "adapters": [
            LoraAdapterArgs(name=adapter.name, path=_path(model, adapter, folder)) for adapter in report.adapters
        ],
        "adapter_bytes": size(report),
        "max_lora_rank": plan.max_rank,
        "max_loras": plan.max_loras,
        "max_cpu_loras": plan.max_cpu_loras,
    }


def size(report: Report) -> int:
    """Return the bytes of all adapters of a model."""
    found = [adapter.facts.file(WEIGHTS_FILE) for adapter in report.adapters]
    return sum(file.size or 0 for file in found if file is not None)


def entry(model: Model, file: File) -> WeightFileArgs:
    """Return a file as the prefetch wants it; raise RunError where the Hub states no size."""
    if file.size is None:
        raise pulumi.RunError(f"model `{model.name}`: the Hub states no size for {file.path!r}")
    found = WeightFileArgs(path=file.path, size=file.size)
    if file.sha256:
        found["sha256"] = file.sha256
    if file.blob_id:
        found["blob_id"] = file.blob_id
    return found


def _path(model: Model, adapter: Adapter, folder: str) -> str:
    """Return the adapter's folder inside the volume: beside its model, or where the stack says that it is already."""
    stated = model.adapters[adapter.number].path
    return stated.strip("/") if stated else f"{folder}/{adapter_folder(adapter.name)}".lstrip("/")
