"""What a stack wants of its models, in the words of the checks."""

from collections.abc import Mapping

from stacks.settings import NAMESPACE, Model, NodePool, Settings
from validation.finding import Place
from validation.wish import AdapterWish, Hardware, Licences, Serving, Suppression, Wish

_PREFIX = f"{NAMESPACE}:"
_MODELS = f"{_PREFIX}models["
_SHARED = (f"{_PREFIX}engine", f"{_PREFIX}validation")


def wishes(settings: Settings) -> tuple[Wish, ...]:
    """Return one wish a model, in the stack's order, with the places of its keys and of those for all models."""
    shared, own = _shared(settings.places), _places(settings.places)
    pools = {pool.name: _pool_places(settings.places, at) for at, pool in enumerate(settings.node_pools)}
    return tuple(
        _wish(settings, model, {**shared, **pools[model.pool], **own.get(at, {})})
        for at, model in enumerate(settings.models)
    )


def _wish(settings: Settings, model: Model, places: Mapping[str, Place]) -> Wish:
    return Wish(
        name=model.name,
        model_type=model.model_type,
        structured_outputs=model.structured_outputs,
        function_calling=model.function_calling,
        require_pinned=settings.validation.require_pinned,
        licences=_licences(settings),
        hardware=_hardware(settings, model, settings.pool(model.pool)),
        serving=_serving(model),
        adapters=tuple(
            AdapterWish(name=item.name, source=item.source, revision=item.revision) for item in model.adapters
        ),
        ignore=tuple(Suppression(rule=entry.rule, reason=entry.reason) for entry in model.ignore),
        place=places.get(""),
        places={key: place for key, place in places.items() if key},
    )


def _licences(settings: Settings) -> Licences:
    policy = settings.validation.licences
    return Licences(allow=frozenset(policy.allow), deny=frozenset(policy.deny), accepted=frozenset(policy.accepted))


def _hardware(settings: Settings, model: Model, pool: NodePool) -> Hardware:
    return Hardware(
        gpu=pool.gpu,
        gpus_per_replica=model.gpus_per_replica,
        nodes_per_replica=model.nodes_per_replica,
        gpus_per_node=pool.gpus_per_node,
        vcpus_per_node=pool.vcpus_per_node,
        mig_profile=pool.mig_profile or "",
        provider=settings.cluster.provider,
        instance_type=pool.instance_type or "",
    )


def _serving(model: Model) -> Serving:
    limits = model.limit_mm_per_prompt
    return Serving(
        max_model_len=model.max_model_len,
        dtype=model.dtype.value,
        kv_cache_dtype=model.kv_cache_dtype.value,
        quantization=model.quantization,
        gpu_memory_utilization=model.gpu_memory_utilization,
        max_num_batched_tokens=model.max_num_batched_tokens,
        max_num_seqs=model.max_num_seqs,
        trust_remote_code=model.trust_remote_code,
        max_lora_rank=model.max_lora_rank,
        max_loras=model.max_loras,
        limit_mm_per_prompt=limits.model_dump(exclude_none=True) if limits is not None else None,
    )


def _shared(places: Mapping[str, Place]) -> dict[str, Place]:
    """Return where the stack states what holds for all models, by the key without namespace (``engine.version``)."""
    found = {path.removeprefix(_PREFIX): place for path, place in places.items() if path.startswith(_SHARED)}
    if policy := found.get("validation.licences"):
        found["licences"] = policy
    return found


def _places(places: Mapping[str, Place]) -> dict[int, dict[str, Place]]:
    """Return by model the places inside it, by the path from there (``replicas.min``); its own is under no key."""
    found: dict[int, dict[str, Place]] = {}
    for path, place in places.items():
        if path.startswith(_MODELS):
            number, _, key = path.removeprefix(_MODELS).partition("]")
            found.setdefault(int(number), {})[key.removeprefix(".")] = place
    return found


def _pool_places(places: Mapping[str, Place], number: int) -> dict[str, Place]:
    """Return where the stack states the keys of a pool, by ``pool.`` and the path inside it (``pool.gpu``)."""
    prefix = f"{_PREFIX}nodePools[{number}]."
    return {f"pool.{path.removeprefix(prefix)}": place for path, place in places.items() if path.startswith(prefix)}
