"""Where the files of a model are kept, and how its servers find them."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, cast

from components.cache.args import CachedModelArgs, NodeCacheArgs
from components.gpu_node_pool import GpuNodePool
from components.model_namespace import HUB_TOKEN_KEY, ModelNamespace
from components.model_weights import ModelWeights
from components.node_cache import NodeCache
from components.weights.args import ModelWeightsArgs, WeightFileArgs
from components.weights.selection import server_files
from deployment import adapters
from deployment.reporting import stated
from stacks.model import Model
from stacks.settings import Settings
from stacks.weights import Store
from validation.report import Report


def caches(
    settings: Settings,
    served: Sequence[tuple[Model, Report]],
    *,
    home: ModelNamespace,
    pools: Mapping[str, GpuNodePool],
) -> dict[str, NodeCacheArgs]:
    """Return the caches of the pools that have one, by pool; one without models sweeps what earlier ones have left."""
    found = {}
    for wished in settings.node_pools:
        if wished.cache_path and wished.name in pools:
            args = NodeCacheArgs(
                namespace=home.namespace,
                folder=f"{settings.cluster.namespace}/{wished.name}",
                path=wished.cache_path,
                node_selector=pools[wished.name].node_selector,
                tolerations=pools[wished.name].tolerations,
                image=settings.engine.image,
                models=[_cached(*each) for each in served if _is_cached(each[0], wished.name)],
                read_only_root_filesystem=settings.cluster.read_only_root_filesystem,
            )
            optional = {**token(settings, home), "image_pull_secrets": list(settings.cluster.image_pull_secrets)}
            found[wished.name] = cast("NodeCacheArgs", {**args, **stated(optional)})
    return found


def _is_cached(model: Model, pool: str) -> bool:
    return model.weights.store is Store.NODE and model.pool == pool


def _cached(model: Model, report: Report) -> CachedModelArgs:
    args = CachedModelArgs(
        name=model.name, repository=report.facts.repository, commit=report.commit, files=needed(model, report)
    )
    if mirror := os.environ.get("HF_ENDPOINT"):
        args["endpoint"] = mirror
    return args


def weights(
    settings: Settings,
    model: Model,
    report: Report,
    *,
    home: ModelNamespace,
    pool: GpuNodePool,
    cache: NodeCache | None = None,
) -> ModelWeightsArgs:
    """Return the files of the commit that was checked, and what holds them."""
    args = ModelWeightsArgs(
        namespace=home.namespace,
        store=model.weights.store.value,
        image=settings.engine.image,
        replicas=model.replicas.most * model.nodes_per_replica,
        node_selector=pool.node_selector,
        tolerations=pool.tolerations,
        read_only_root_filesystem=settings.cluster.read_only_root_filesystem,
    )
    optional: dict[str, Any] = {
        "claim_name": model.weights.claim,
        "path": model.weights.path,
        "weights_image": model.weights.image,
        "access_mode": model.weights.access_mode.value if model.weights.access_mode else None,
        "image_pull_secrets": list(settings.cluster.image_pull_secrets),
    }
    if cache is not None and model.weights.store is Store.NODE:
        folder = f"{settings.cluster.namespace}/{model.pool}/{model.name}"
        optional |= {"claim_name": cache.claim_name, "path": folder}
    if model.weights.store is Store.VOLUME:
        optional["storage_class"] = model.weights.storage_class or settings.cluster.storage_class
    if model.local and model.weights.store is Store.IMAGE:
        optional["files"] = needed(model, report)
    if not model.local:
        optional |= {
            "repository": report.facts.repository,
            "commit": report.commit,
            "files": needed(model, report),
            "endpoint": os.environ.get("HF_ENDPOINT"),
        }
    if not model.local and model.weights.store is Store.VOLUME:
        optional |= token(settings, home)
    return cast("ModelWeightsArgs", {**args, **stated(optional)})


def token(settings: Settings, home: ModelNamespace) -> dict[str, Any]:
    """Return the Secret with the Hub's token, for what fetches; nothing without one."""
    if given := settings.hugging_face_token_secret:
        return {"token_secret_name": given.name, "token_secret_key": given.key}
    if "huggingFaceToken" in settings.secrets:
        return {"token_secret_name": home.hub_token_secret_name, "token_secret_key": HUB_TOKEN_KEY}
    return {}


def mounted(settings: Settings, model: Model, weights: ModelWeights) -> dict[str, Any]:
    """Return what a server is told of its weights: the claim or the image, and what it compares or waits for."""
    pull = {"image_pull_secrets": list(settings.cluster.image_pull_secrets)}
    if model.weights.store is Store.IMAGE:
        return {**pull, "weights_image": model.weights.image, "weights_manifest": weights.manifest_name}
    wait = weights.seconds if model.weights.store is Store.NODE else None
    return {**pull, "claim_name": weights.claim_name, "weights_seconds": wait}


def needed(model: Model, report: Report) -> list[WeightFileArgs]:
    """Return the files that the server needs, its adapters' too; raise RunError where the Hub states no size."""
    wanted = report.prediction.weight_files if report.prediction else ()
    files = [adapters.entry(model, file) for file in report.facts.files]
    own = server_files(files, wanted, remote_code=model.trust_remote_code)
    return [*own, *adapters.fetched(model, report)]
