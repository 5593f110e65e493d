"""How many servers a model has, who changes the number, and how one set of them replaces another."""

from collections.abc import Mapping
from typing import Any, cast

import pulumi

from components.endpoint.args import InferenceEndpointArgs, WaitingArgs
from components.endpoint.route import ANSWER_SECONDS
from components.inference_service import VllmInferenceService
from components.request_queue import RequestQueue
from components.scaling.args import AutoscalerArgs, MetricNamesArgs
from components.scaling.queue import SCALER_PORT, RequestQueueArgs
from components.server import sizes
from deployment.reporting import stated
from deployment.rollout import crowded, interrupted, surging
from stacks.model import Model
from stacks.references.scaling import SPOT_DRAIN
from stacks.settings import Settings
from validation.engine.metrics import series
from validation.report import Report

FULL = 0.8  # of a batch: above it requests begin to wait


def servers(settings: Settings, model: Model) -> dict[str, Any]:
    """Return what the servers are told: how many there may be, and how they stop."""
    spot = settings.pool(model.pool).spot
    drain = model.drain_seconds if model.drain_seconds is not None else (SPOT_DRAIN if spot else None)
    found: dict[str, Any] = {"replicas": model.replicas.min}
    if model.replicas.scale:
        found["max_replicas"] = model.replicas.most
    if model.name in surging(settings):
        found["spare_gpus"] = True
    return found | stated({"priority_class": model.priority}) | ({} if drain is None else {"drain_seconds": drain})


def warn(settings: Settings, pools: Mapping[str, pulumi.Resource], shown: Mapping[str, pulumi.Resource]) -> None:
    """Say which servers may never start, and which model an update interrupts, each under its own resource."""
    for name, text in crowded(settings):
        pulumi.log.warn(text, resource=pools.get(name))
    rolled = surging(settings)
    for model in settings.models:
        if text := interrupted(settings, model, rolled):
            pulumi.log.warn(text, resource=shown[model.name])


def autoscaler(
    settings: Settings,
    model: Model,
    report: Report,
    *,
    namespace: pulumi.Input[str],
    service: VllmInferenceService,
    queue: RequestQueue | None = None,
) -> AutoscalerArgs:
    """Return between which numbers the model scales, by which signals of its engine."""
    cluster, wished = settings.cluster, model.scaling
    args = AutoscalerArgs(
        namespace=namespace,
        scale_target=service.scale_target,
        served_model_name=model.served_model_name or model.name,
        controller=cluster.autoscaler.value if cluster.autoscaler else "",
        min_replicas=model.replicas.min,
        max_replicas=model.replicas.most,
        waiting_requests=wished.waiting_requests,
        scale_up_seconds=wished.scale_up_seconds,
        scale_down_seconds=wished.scale_down_seconds,
        metrics=metrics(settings),
        load_seconds=_times(model, report).load,
    )
    optional: dict[str, Any] = {
        "running_requests": wished.running_requests or batch(model, report),
        "kv_cache_usage": wished.kv_cache_usage if caches(report) else None,
        "prometheus": cluster.prometheus,
        "instance": model.name if settings.shares_its_name(model) else None,
        "idle_seconds": wished.idle_seconds,
    }
    if queue and cluster.interceptor:
        address = f"{cluster.interceptor.scaler}.{cluster.interceptor.namespace}:{SCALER_PORT}"
        args["queue"] = {"name": queue.route_name, "scaler_address": address}
    return cast("AutoscalerArgs", {**args, **stated(optional)})


def request_queue(
    settings: Settings, model: Model, report: Report, *, namespace: pulumi.Input[str], service: VllmInferenceService
) -> RequestQueueArgs:
    """Return the queue in front of a model whose last server may stop; raise RunError where there is none."""
    interceptor = settings.cluster.interceptor
    if interceptor is None:
        raise pulumi.RunError(f"model `{model.name}`: `replicas.min` is 0; set `cluster.interceptor`")
    args = RequestQueueArgs(
        namespace=namespace,
        service_name=service.service_name,
        endpoints=list(report.model.endpoints),
        interceptor=interceptor.model_dump(),  # type: ignore[typeddict-item]  # the same keys
        wait_seconds=wait_seconds(model, report),
        answer_seconds=model.endpoint.timeout_seconds or ANSWER_SECONDS,
    )
    if model.endpoint.hostname:
        args["hostname"] = model.endpoint.hostname
    if running := model.scaling.running_requests or batch(model, report):
        args["concurrent_requests"] = running + model.scaling.waiting_requests
    return args


def behind(
    settings: Settings, model: Model, report: Report, queue: RequestQueue | None, args: InferenceEndpointArgs
) -> InferenceEndpointArgs:
    """Return an endpoint's arguments with the queue in front, which every request passes, however long it waits."""
    interceptor = settings.cluster.interceptor
    if queue is None or interceptor is None:
        return args
    waiting = WaitingArgs(
        service=interceptor.service, namespace=interceptor.namespace, port=interceptor.port, address=queue.address
    )
    changed: InferenceEndpointArgs = {**args, "queue": waiting}
    if "front" in args:
        longest = (model.endpoint.timeout_seconds or ANSWER_SECONDS) + wait_seconds(model, report)
        changed["front"] = {**args["front"], "answer_seconds": longest}
    return changed


def wait_seconds(model: Model, report: Report) -> int:
    """Return how long the first server may take from nothing: its nodes, its image, its weights."""
    return _times(model, report).progress


def _times(model: Model, report: Report) -> sizes.Times:
    """Return the times of one server, where a replica that spans nodes waits for the last of them."""
    return sizes.times(report.model.weights_bytes or 0, 1, nodes=model.nodes_per_replica)


def metrics(settings: Settings) -> MetricNamesArgs:
    """Return what the stack's vLLM calls the series that are scaled by."""
    names = series(settings.engine.version)
    return {
        "waiting": names["requests_waiting"],
        "running": names["requests_running"],
        "kv_cache_usage": names["kv_cache_usage"],
    }


def batch(model: Model, report: Report) -> int | None:
    """Return the running requests that fill a server, as planned; None where the plan does not say."""
    most = report.memory.max_num_seqs if report.memory else model.max_num_seqs
    return max(1, int(FULL * most)) if most else None


def caches(report: Report) -> bool:
    """Return whether the model keeps keys and values at all: an encoder has none, and its usage is always 0."""
    return report.memory is None or report.memory.kv_cache_bytes_per_request > 0
