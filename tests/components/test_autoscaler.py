"""Autoscaler: servers follow the queue and the KV cache, and never an outage of the metrics."""

from typing import Any

import kubernetes_validate
import pulumi
import pytest

from components.autoscaler import Autoscaler
from components.scaling.args import AutoscalerArgs
from tests.components.recording import Recording, record, settled

PROMETHEUS = "http://prometheus-operated.monitoring.svc:9090"
QUEUE = {"name": "granite", "scaler_address": "keda-add-ons-http-external-scaler.keda:9090"}
TO_ZERO = {"min_replicas": 0, "queue": QUEUE, "load_seconds": 1800}


def scaler_args(**changes: Any) -> AutoscalerArgs:
    """Return the arguments of a model that KEDA scales from 1 to 4, with changes; None leaves a key out."""
    args: Any = {
        "namespace": "inference",
        "scale_target": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "granite"},
        "served_model_name": "granite",
        "controller": "keda",
        "min_replicas": 1,
        "max_replicas": 4,
        "running_requests": 200,
        "kv_cache_usage": 0.8,
        "prometheus": PROMETHEUS,
        **changes,
    }
    found: AutoscalerArgs = {key: value for key, value in args.items() if value is not None}  # type: ignore[assignment]  # a literal with changes
    return found


def make(**changes: Any) -> Recording:
    """Return what an autoscaler with these changes registers."""
    return record(lambda: Autoscaler("granite", scaler_args(**changes)))


def triggers(recording: Recording) -> dict[str, Any]:
    """Return KEDA's triggers by name."""
    return {each["name"]: each for each in recording.one("ScaledObject")["spec"]["triggers"]}


def queries(recording: Recording) -> dict[str, str]:
    """Return what Prometheus is asked, by trigger."""
    found = triggers(recording)
    return {name: each["metadata"]["query"] for name, each in found.items() if each["type"] == "prometheus"}


def test_keda_scales_the_deployment_by_queue_batch_and_kv_cache() -> None:
    """Three signals, each with what one server may have; the one that asks for most servers wins."""
    recording = make(waiting_requests=8)
    spec = recording.one("ScaledObject")["spec"]

    assert {"apiVersion": "apps/v1", "kind": "Deployment", "name": "granite"} == spec["scaleTargetRef"]
    assert (1, 4) == (spec["minReplicaCount"], spec["maxReplicaCount"])
    assert {"waiting": "8", "running": "200", "kv-cache": "0.8"} == {
        name: each["metadata"]["threshold"] for name, each in triggers(recording).items()
    }
    assert {"AverageValue"} == {each["metricType"] for each in triggers(recording).values()}
    assert {PROMETHEUS} == {each["metadata"]["serverAddress"] for each in triggers(recording).values()}


def test_a_query_sees_one_model_of_one_namespace() -> None:
    """Two namespaces with a model of the same name never scale each other; a pod's usage counts once."""
    assert {
        "waiting": 'sum(vllm:num_requests_waiting{namespace="inference",model_name="granite"})',
        "running": 'sum(vllm:num_requests_running{namespace="inference",model_name="granite"})',
        "kv-cache": 'sum(max by (pod) (vllm:kv_cache_usage_perc{namespace="inference",model_name="granite"}))',
    } == queries(make())


def test_the_names_of_the_series_are_the_engine_s() -> None:
    """An older vLLM calls them otherwise."""
    names = {"waiting": "a:waiting", "running": "a:running", "kv_cache_usage": "vllm:gpu_cache_usage_perc"}

    assert "vllm:gpu_cache_usage_perc" in queries(make(metrics=names))["kv-cache"]
    assert "a:waiting" in queries(make(metrics=names))["waiting"]


def test_an_outage_of_the_metrics_stops_no_server() -> None:
    """An empty answer is no zero, and after three of them the present number is frozen."""
    recording = make(min_replicas=2)

    assert {"false"} == {each["metadata"]["ignoreNullValues"] for each in triggers(recording).values()}
    assert {"failureThreshold": 3, "replicas": 2, "behavior": "currentReplicasIfHigher"} == recording.one(
        "ScaledObject"
    )["spec"]["fallback"]


def test_no_spike_starts_and_no_lull_stops_a_server() -> None:
    """A start takes minutes and a GPU: the load lasts a minute first, and is gone for ten before a server stops."""
    spec = make().one("ScaledObject")["spec"]
    behavior = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]

    assert (60, 600) == tuple(behavior[way]["stabilizationWindowSeconds"] for way in ("scaleUp", "scaleDown"))
    assert [{"type": "Pods", "value": 1, "periodSeconds": 60}] == behavior["scaleDown"]["policies"]


def test_signals_without_a_target_are_left_out() -> None:
    """An encoder has no KV cache, and not every plan knows the batch."""
    assert ["waiting"] == list(triggers(make(running_requests=None, kv_cache_usage=None)))


def test_the_last_server_stops_only_behind_a_queue_and_after_its_load_time() -> None:
    """Held requests and running ones keep it; the first server of all gets the time for node, image and weights."""
    recording = make(**TO_ZERO)
    spec = recording.one("ScaledObject")["spec"]

    assert {
        "type": "external-push",
        "name": "queue",
        "metadata": {
            "scalerAddress": "keda-add-ons-http-external-scaler.keda:9090",
            "interceptorRoute": "granite",
        },
    } == triggers(recording)["queue"]
    assert (0, 1800, 2700) == (spec["minReplicaCount"], spec["cooldownPeriod"], spec["initialCooldownPeriod"])
    assert 1 == spec["fallback"]["replicas"]
    assert [] == [query for query in queries(recording).values() if not query.endswith(" or vector(0)")]


def test_what_means_nothing_above_zero_is_not_stated() -> None:
    """KEDA's webhook warns of a cooldown that no server waits for."""
    assert set() == {"cooldownPeriod", "initialCooldownPeriod", "pollingInterval"} & set(
        make().one("ScaledObject")["spec"]
    )


@pytest.mark.parametrize("version", ["1.30", "1.35"])
def test_an_hpa_meets_the_strict_schema(version: str) -> None:
    """Every key has the name that the API knows."""
    (found,) = [each for each in make(controller="hpa", prometheus=None).resources if each.custom]

    kubernetes_validate.validate(found.plain, version, strict=True)


def test_an_hpa_scales_by_the_pods_own_metrics() -> None:
    """The metrics API picks them by the Deployment's selector in its own namespace."""
    spec = make(controller="hpa", prometheus=None, min_replicas=2).one("HorizontalPodAutoscaler")["spec"]

    assert {
        "vllm_num_requests_waiting": "5",
        "vllm_num_requests_running": "200",
        "vllm_kv_cache_usage_perc": "800m",
    } == {each["pods"]["metric"]["name"]: each["pods"]["target"]["averageValue"] for each in spec["metrics"]}
    assert {"Pods"} == {each["type"] for each in spec["metrics"]}
    assert (2, 4, 600) == (
        spec["minReplicas"],
        spec["maxReplicas"],
        spec["behavior"]["scaleDown"]["stabilizationWindowSeconds"],
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"controller": "cron"}, "`cluster.autoscaler` is `keda` or `hpa`"),
        ({"max_replicas": 0}, "`replicas.max` is 0; set it to 1 or more"),
        ({"min_replicas": 5}, "`replicas.max` is 4; set it to 5 or more"),
        ({"prometheus": None}, "set `cluster.prometheus`"),
        ({"min_replicas": 0}, "nothing holds requests while a server loads"),
        ({"min_replicas": 0, "controller": "hpa"}, "only KEDA starts a first server"),
        ({**TO_ZERO, "load_seconds": 2700, "idle_seconds": 1800}, "set it to 2700 or more"),
    ],
)
def test_numbers_that_cannot_be_kept_are_refused(changes: dict[str, Any], message: str) -> None:
    """With the model's name and the key to set."""
    with pytest.raises(pulumi.RunError, match=f"model `granite`: .*{message}"):
        make(**changes)


def test_the_outputs_say_who_scales() -> None:
    """And how far."""
    seen: list[Any] = []

    def program() -> None:
        made = Autoscaler("granite", scaler_args())
        seen.extend(settled(each) for each in (made.controller, made.max_replicas))

    record(program)

    assert [["keda"], [4]] == seen
