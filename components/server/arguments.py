"""The arguments of `vllm serve` as its config file: everything but the API keys."""

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import yaml

from components.server.args import VllmInferenceServiceArgs
from components.server.environment import MODELS
from components.server.sizes import LOAD_LEAST

PORT = 8000
MIDDLEWARE = "slipway_guard.Guard"  # guard.py under the name that Python finds it by in the pod
# Each of these opens the server, moves what was checked, or is set by Slipway itself.
REFUSED = {
    "api-key": "set `endpoint.apiKeySecret` or `slipway:apiKey`",
    "host": "the server listens on every address of its pod",
    "port": "the port is 8000",
    "model": "the model is the one that was checked",
    "revision": "the commit is the one that was checked",
    "config": "Slipway writes the config file",
    "trust-request-chat-template": "it lets any client run its own template",
    "trust-request-mm-kwargs": "it lets any client change the processor",
    "enable-prompt-embeds": "it lets any client load its own tensors",
    "allowed-local-media-path": "it lets any client read files",
    "load-format": "only safetensors are loaded",
    "enable-lora": "set `adapters`",
    "lora-modules": "the adapters are those that were checked: set `adapters`",
    "default-mm-loras": "it uses an adapter that no client has asked for",
    "headless": "it is for the workers of a replica that spans nodes",
    "nnodes": "set `nodesPerReplica`",
    "node-rank": "it is the pod's own",
    "master-addr": "it is the leader's",
    "master-port": "it is reached by the pods of the replica alone",
    "tensor-parallel-size": "set `gpusPerReplica`",
    "pipeline-parallel-size": "set `nodesPerReplica`",
    "middleware": "it runs code of its own",
    "disable-fastapi-docs": "the paths of the model's type are open and no others",
    "root-path": "it breaks the routes of the endpoint",
}
PLANNED = (
    "max_model_len",
    "gpu_memory_utilization",
    "dtype",
    "kv_cache_dtype",
    "quantization",
    "max_num_seqs",
    "max_num_batched_tokens",
    "limit_mm_per_prompt",
    "runner",
    "config_format",
    "max_lora_rank",
    "max_loras",
    "max_cpu_loras",
)


def arguments(args: VllmInferenceServiceArgs, drain: int, load: int = LOAD_LEAST) -> dict[str, Any]:
    """Return the flags of `vllm serve` by name, without dashes; raise RunError for a flag that opens the server.

    ``drain`` and ``load`` are in seconds: until running requests are cut, and until all nodes have to be there.
    """
    flags: dict[str, Any] = {
        "served-model-name": [args["served_model_name"]],
        "port": PORT,
        "load-format": "safetensors",
        "tensor-parallel-size": args.get("tensor_parallel_size", 1),
        "shutdown-timeout": drain,
        "middleware": MIDDLEWARE,
        "disable-fastapi-docs": True,
    }
    plan: Mapping[str, Any] = {**args}
    flags |= {name.replace("_", "-"): plan[name] for name in PLANNED if plan.get(name) is not None}
    if args.get("convert", "none") not in {"none", "auto"}:
        flags["convert"] = args["convert"]
    if args.get("multimodal", False):
        flags["allowed-media-domains"] = args.get("allowed_media_domains") or ["media.invalid"]
    flags |= _nodes(args, load)
    flags |= _adapters(args)
    flags |= {name: True for name in ("enforce-eager", "trust-remote-code") if plan.get(name.replace("-", "_"))}
    return flags | _extra(args)


def _nodes(args: VllmInferenceServiceArgs, load: int) -> dict[str, Any]:
    nodes = args.get("nodes_per_replica", 1)
    if nodes <= 1:
        return {}
    return {
        "pipeline-parallel-size": nodes,
        "nnodes": nodes,
        "distributed-executor-backend": "mp",
        "distributed-timeout-seconds": load,
    }


def _adapters(args: VllmInferenceServiceArgs) -> dict[str, Any]:
    """Return the flags for adapters; each is a string of JSON, since vLLM turns list items of the file into strings."""
    adapters = args.get("adapters", [])
    if not adapters:
        return {}
    base = args["served_model_name"]
    listed = [
        json.dumps({"name": each["name"], "path": f"{MODELS}/{each['path']}", "base_model_name": base})
        for each in adapters
    ]
    return {"enable-lora": True, "lora-modules": listed}


def _extra(args: VllmInferenceServiceArgs) -> dict[str, Any]:
    extra = {
        name.removeprefix("--").replace("_", "-"): value for name, value in args.get("extra_arguments", {}).items()
    }
    for name in sorted(extra):
        if reason := REFUSED.get(name):
            raise pulumi.RunError(f"model `{args['served_model_name']}`: `--{name}` may not be set: {reason}")
    return extra


def config_text(flags: Mapping[str, Any]) -> str:
    """Return the config file: YAML with the flags in the order of their names."""
    return str(yaml.safe_dump(dict(flags), sort_keys=True, default_flow_style=False, allow_unicode=True))
