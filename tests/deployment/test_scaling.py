"""Scaled models from stack file to manifests."""

from pathlib import Path
from typing import Any

import pytest

from tests.deployment.rendering import Rendered, chat, embedding, render

KEDA = {"autoscaler": "keda", "prometheus": "http://prometheus-operated.monitoring.svc:9090/"}


def scaled(folder: Path, cluster: dict[str, Any], **model: Any) -> Rendered:
    """Return one chat model in a cluster with these keys."""
    found = render(folder, chat("tiny", **model), cluster={"platform": "existing", "namespace": "inference", **cluster})
    assert found.code == 0, found.text
    return found


def test_a_model_that_keda_scales(tmp_path: Path) -> None:
    """By the series of the stack's vLLM, a batch of the memory plan, and a Deployment without a number."""
    found = scaled(tmp_path, KEDA, replicas={"min": 1, "max": 3})
    spec = found.one("ScaledObject")["spec"]
    asked = {each["name"]: each["metadata"] for each in spec["triggers"]}

    assert "replicas" not in found.one("Deployment")["spec"]
    assert {"apiVersion": "apps/v1", "kind": "Deployment", "name": "tiny"} == spec["scaleTargetRef"]
    assert 'sum(vllm:num_requests_waiting{namespace="inference",model_name="tiny"})' == asked["waiting"]["query"]
    assert ("204", "0.8") == (asked["running"]["threshold"], asked["kv-cache"]["threshold"])
    assert "http://prometheus-operated.monitoring.svc:9090" == asked["waiting"]["serverAddress"]


def test_a_model_that_an_hpa_scales(tmp_path: Path) -> None:
    """With the stack's own thresholds."""
    wished = {"waitingRequests": 2, "runningRequests": 50, "kvCacheUsage": 0.5, "scaleDownSeconds": 1200}
    found = scaled(tmp_path, {"autoscaler": "hpa"}, replicas={"min": 1, "max": 2}, scaling=wished)
    spec = found.one("HorizontalPodAutoscaler")["spec"]

    assert ["2", "50", "500m"] == [each["pods"]["target"]["averageValue"] for each in spec["metrics"]]
    assert 1200 == spec["behavior"]["scaleDown"]["stabilizationWindowSeconds"]


def test_a_fixed_number_needs_no_autoscaler(tmp_path: Path) -> None:
    """And states it."""
    found = scaled(tmp_path, {"autoscaler": "hpa"}, replicas={"min": 2})

    assert 2 == found.one("Deployment")["spec"]["replicas"]
    assert {} == found.kinds("HorizontalPodAutoscaler")


def test_a_model_without_a_kv_cache_is_not_scaled_by_it(tmp_path: Path) -> None:
    """An encoder's usage is always 0."""
    stack = {"platform": "existing", "autoscaler": "hpa"}
    found = render(tmp_path, embedding("tiny", replicas={"min": 1, "max": 2}), cluster=stack)
    names = [each["pods"]["metric"]["name"] for each in found.one("HorizontalPodAutoscaler")["spec"]["metrics"]]

    assert ["vllm_num_requests_waiting", "vllm_num_requests_running"] == names


@pytest.mark.parametrize(("wished", "grace"), [({}, 150), ({"drainSeconds": 300}, 330), ({"drainSeconds": 0}, 30)])
def test_the_drain_is_the_stack_s(tmp_path: Path, wished: dict[str, int], grace: int) -> None:
    """15 s for the proxies, the drain, and 15 s until the kill."""
    pod = scaled(tmp_path, {}, **wished).one("Deployment")["spec"]["template"]["spec"]

    assert grace == pod["terminationGracePeriodSeconds"]


def test_the_priority_is_the_stack_s(tmp_path: Path) -> None:
    """A class that the cluster has."""
    pod = scaled(tmp_path, {}, priority="interactive").one("Deployment")["spec"]["template"]["spec"]

    assert "interactive" == pod["priorityClassName"]


TO_ZERO = {**KEDA, "interceptor": {}}


def test_a_private_model_without_a_server_is_called_through_its_queue(tmp_path: Path) -> None:
    """Its address leads to the queue, which may call the servers, and nobody else."""
    found = scaled(tmp_path, TO_ZERO, replicas={"min": 0})
    spec = found.one("ScaledObject")["spec"]
    (rule,) = found.kinds("NetworkPolicy")["tiny-callers"]["spec"]["ingress"]
    metadata = {each["name"]: each["metadata"] for each in spec["triggers"]}

    assert "http://tiny-queue.inference.svc:8080/v1" == found.outputs["tiny"]["url"]
    assert [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "keda"}}}] == rule["from"]
    assert (0, 1, 1800) == (spec["minReplicaCount"], spec["maxReplicaCount"], spec["cooldownPeriod"])
    assert {
        "interceptorRoute": "tiny",
        "scalerAddress": "keda-add-ons-http-external-scaler.keda:9090",
    } == metadata["queue"]
    assert {"concurrency": {"targetValue": 209}} == found.one("InterceptorRoute")["spec"]["scalingMetric"]


def test_a_public_model_s_gateway_waits_as_long_as_its_queue(tmp_path: Path) -> None:
    """For 45 minutes until the first server answers, and then for the longest answer."""
    public = {"visibility": "public", "hostname": "tiny.example.com", "tlsSecret": "tls", "timeoutSeconds": 600}
    found = scaled(
        tmp_path, TO_ZERO, replicas={"min": 0}, endpoint={**public, "apiKeySecret": {"name": "api-key", "key": "key"}}
    )
    (rule,) = found.one("HTTPRoute")["spec"]["rules"]

    assert ("keda-add-ons-http-interceptor-proxy", "keda") == (
        rule["backendRefs"][0]["name"],
        rule["backendRefs"][0]["namespace"],
    )
    assert {"request": "3300s", "backendRequest": "3300s"} == rule["timeouts"]
    assert "keda" == found.one("ReferenceGrant")["metadata"]["namespace"]
    assert {"readiness": "2700s", "responseHeader": "600s", "request": "3300s"} == found.one("InterceptorRoute")[
        "spec"
    ]["timeouts"]


def test_a_replica_of_several_nodes_is_waited_for_until_the_last_of_them_is_there(tmp_path: Path) -> None:
    """Its queue, its autoscaler and its alerts know the quarter of an hour that its servers have besides."""
    found = scaled(
        tmp_path, {**TO_ZERO, "monitoring": {"namespace": "monitoring"}}, replicas={"min": 0}, nodesPerReplica=2
    )
    rules = found.one("PrometheusRule")["spec"]["groups"]
    alerts = {rule["alert"]: rule.get("for") for group in rules for rule in group["rules"]}

    assert "3600s" == found.one("InterceptorRoute")["spec"]["timeouts"]["readiness"]
    assert 2700 == found.one("ScaledObject")["spec"]["cooldownPeriod"]
    assert "3600s" == alerts["SlipwayPodPending"]
