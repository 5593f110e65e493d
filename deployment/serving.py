"""How settings and reports become the components' arguments: what is deployed is what was checked and planned."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import pulumi

from components.api_key import ApiKey
from components.gpu_node_pool import GpuNodePool
from components.model_namespace import ModelNamespace, ModelNamespaceArgs
from components.model_weights import ModelWeights
from components.node_cache import NodeCache
from components.server.args import VllmInferenceServiceArgs
from components.weights.args import ModelWeightsArgs
from deployment import adapters, files, scaling
from deployment.access import access
from deployment.nodes import nodes
from deployment.pools import devices
from deployment.reporting import context, stated
from stacks.model import Model
from stacks.settings import Settings
from validation.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where the models of a stack are served: what is there once, whatever the number of models."""

    settings: Settings
    home: ModelNamespace
    pools: Mapping[str, GpuNodePool]
    caches: Mapping[str, NodeCache]
    options: pulumi.ResourceOptions


def namespace(settings: Settings) -> ModelNamespaceArgs:
    """Return the namespace that all models share."""
    args = ModelNamespaceArgs(namespace=settings.cluster.namespace, create=settings.cluster.create_namespace)
    if "huggingFaceToken" in settings.secrets:
        args["hub_token"] = pulumi.Config().require_secret("huggingFaceToken")
    return args


def weights(site: Site, model: Model, report: Report) -> ModelWeightsArgs:
    """Return the files of the commit that was checked, and what holds them."""
    pool, cache = site.pools[model.pool], site.caches.get(model.pool)
    return files.weights(site.settings, model, report, home=site.home, pool=pool, cache=cache)


def service(
    site: Site, model: Model, report: Report, *, weights: ModelWeights, key: ApiKey
) -> VllmInferenceServiceArgs:
    """Return the servers of one model with exactly the figures of its memory plan."""
    args = VllmInferenceServiceArgs(
        namespace=site.home.namespace,
        image=site.settings.engine.image,
        served_model_name=model.served_model_name or model.name,
        model_path=weights.model_path,
        manifest_digest=weights.manifest_digest,
        commit=report.commit,
        source=report.source,
        weights_bytes=report.model.weights_bytes or 0,
        gpu_resource=site.pools[model.pool].gpu_resource,
        node_selector=site.pools[model.pool].node_selector,
        tolerations=site.pools[model.pool].tolerations,
        single_node_volume=weights.single_node,
        tensor_parallel_size=model.gpus_per_replica,
        api_key_secret_name=key.secret_name,
        api_key_secret_key=key.secret_key,
        read_only_root_filesystem=site.settings.cluster.read_only_root_filesystem,
        multimodal=bool(report.prediction and report.prediction.multimodal),
        log_format=site.settings.engine.log_format.value,
        endpoints=list(report.model.endpoints),
    )
    if wished := site.settings.cluster.monitoring:
        args["monitoring_namespace"] = wished.namespace
    storage = files.mounted(site.settings, model, weights)
    known = {
        **_planned(model, report),
        **access(model),
        **nodes(model),
        **storage,
        **devices(site.pools[model.pool].pool),
        **adapters.served(model, report, weights.folder),
    }
    return cast("VllmInferenceServiceArgs", {**args, **scaling.servers(site.settings, model), **stated(known)})


def _planned(model: Model, report: Report) -> dict[str, Any]:
    prediction, plan = report.prediction, report.memory
    limits = model.limit_mm_per_prompt
    pooling = prediction is not None and prediction.runner == "pooling"
    return {
        "max_model_len": context(report),
        "gpu_memory_utilization": plan.gpu_memory_utilization if plan else model.gpu_memory_utilization,
        "dtype": plan.dtype if plan else None,
        "kv_cache_dtype": plan.kv_cache_dtype if plan else None,
        "max_num_seqs": plan.max_num_seqs if plan else model.max_num_seqs,
        "max_num_batched_tokens": plan.max_num_batched_tokens if plan else model.max_num_batched_tokens,
        "quantization": model.quantization,
        "limit_mm_per_prompt": limits.model_dump(exclude_none=True) if limits else None,
        "runner": "pooling" if pooling else None,
        "convert": prediction.convert if pooling and prediction and prediction.convert != "none" else None,
        "trust_remote_code": model.trust_remote_code or None,
        "config_format": "mistral" if prediction and prediction.config_format == "mistral" else None,
    }
