"""A replica that spans nodes: one LeaderWorkerSet, whose leader serves and whose workers run the further stages."""

from typing import Any

import kubernetes_validate
import pulumi
import pytest
import yaml

from components.inference_service import VllmInferenceService
from components.naming import MAX_NAME
from components.server.group import ORDINALS, group_name
from tests.components.examples import GIB, service_args
from tests.components.recording import Recording, record, settled

INSTANCE, COMPONENT = "app.kubernetes.io/instance", "app.kubernetes.io/component"
MEMBERS = {
    "matchLabels": {"app.kubernetes.io/name": "vllm", INSTANCE: "granite"},
    "matchExpressions": [{"key": COMPONENT, "operator": "In", "values": ["server", "worker"]}],
}
VERSIONS = ("1.30", "1.35")


def deploy(**changes: Any) -> Recording:
    """Return what a service of two nodes with eight GPUs each registers."""
    wanted = {"nodes_per_replica": 2, "tensor_parallel_size": 8, **changes}
    return record(lambda: VllmInferenceService("granite", service_args(**wanted)))


@pytest.fixture(scope="module")
def recording() -> Recording:
    """Return two nodes with weights that are waited for and a key."""
    return deploy(
        manifest_digest="d" * 64, api_key_secret_name="granite-api-key", api_key_secret_key="key", api_key_checksum="2"
    )


def spec(found: Recording) -> Any:
    """Return the LeaderWorkerSet's own part."""
    return found.one("LeaderWorkerSet")["spec"]


def pod(found: Recording, role: str) -> Any:
    """Return the pod of the leader or of a worker."""
    return spec(found)["leaderWorkerTemplate"][f"{role}Template"]["spec"]


def container(found: Recording, role: str) -> Any:
    """Return the one container of a role that is no init container."""
    (only,) = pod(found, role)["containers"]
    return only


def variables(of: Any) -> dict[str, Any]:
    """Return a container's environment."""
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in of["env"]}


def test_one_replica_is_one_group_of_as_many_pods_as_nodes(recording: Recording) -> None:
    """Nothing else runs the model, and no member outlives another's restart."""
    group = spec(recording)

    assert [] == recording.kinds("Deployment")
    assert (1, 2) == (group["replicas"], group["leaderWorkerTemplate"]["size"])
    assert "RecreateGroupOnPodRestart" == group["leaderWorkerTemplate"]["restartPolicy"]


def test_workers_are_made_at_once(recording: Recording) -> None:
    """A leader is ready only when its workers have joined: waiting for it first would never end."""
    assert "LeaderCreated" == spec(recording)["startupPolicy"]


def test_tensor_parallel_inside_and_pipeline_parallel_across(recording: Recording) -> None:
    """Both roles read the same file: eight GPUs of each node, two stages, no Ray."""
    flags = yaml.safe_load(recording.one("ConfigMap")["data"]["args.yaml"])
    wanted = {
        "tensor-parallel-size": 8,
        "pipeline-parallel-size": 2,
        "nnodes": 2,
        "distributed-executor-backend": "mp",
        "distributed-timeout-seconds": 2700,
    }

    assert wanted == {key: flags[key] for key in wanted}
    assert {"8"} == {container(recording, role)["resources"]["limits"]["nvidia.com/gpu"] for role in ROLES}


ROLES = ("leader", "worker")
JOINED = ["--node-rank", "$(LWS_WORKER_INDEX)", "--master-addr", "$(LWS_LEADER_ADDRESS)"]


def test_each_pod_takes_its_rank_and_leader_from_the_controller(recording: Recording) -> None:
    """The same words in both templates; a worker serves nothing."""
    start = ["/models/0123456789ab", "--config", "/run/slipway/config.yaml"]

    assert [*start, *JOINED] == container(recording, "leader")["args"]
    assert [*start, *JOINED, "--headless"] == container(recording, "worker")["args"]
    assert [["vllm", "serve"]] * 2 == [container(recording, role)["command"] for role in ROLES]


def test_each_pod_offers_its_own_address(recording: Recording) -> None:
    """Without it vLLM guesses by a route to the internet, which a closed network need not have."""
    own = {"fieldRef": {"fieldPath": "status.podIP"}}

    assert [own, own] == [variables(container(recording, role))["VLLM_HOST_IP"] for role in ROLES]


def test_the_leader_is_probed_and_the_worker_is_not(recording: Recording) -> None:
    """A worker has no port: its end, or the leader's failing health, restarts the group."""
    probes = {"startupProbe", "readinessProbe", "livenessProbe", "ports", "lifecycle"}

    assert probes == probes & set(container(recording, "leader"))
    assert set() == probes & set(container(recording, "worker"))


def test_the_leader_has_time_for_the_last_node(recording: Recording) -> None:
    """30 minutes to load, and 15 for a node that is made first with its image."""
    assert 270 == container(recording, "leader")["startupProbe"]["failureThreshold"]
    assert "2700" == variables(container(recording, "leader"))["VLLM_ENGINE_READY_TIMEOUT_S"]


def test_only_the_leader_sees_the_key(recording: Recording) -> None:
    """Whoever takes a worker over finds no credential in it."""
    mounted = [{each["name"] for each in pod(recording, role)["volumes"]} for role in ROLES]

    assert ["keys" in names for names in mounted] == [True, False]
    assert ["SLIPWAY_KEYS" in variables(pod(recording, role)["initContainers"][0]) for role in ROLES] == [True, False]


def test_both_wait_before_they_start(recording: Recording) -> None:
    """For the weights and the leader's name: a container that ended instead would restart the whole group."""
    for role in ROLES:
        found = variables(pod(recording, role)["initContainers"][0])
        assert ("$(LWS_LEADER_ADDRESS)", "2700") == (found["SLIPWAY_LEADER"], found["SLIPWAY_WAIT"])
        assert "/models/0123456789ab/.slipway/complete.json" == found["SLIPWAY_MARKER"]


def test_the_service_leads_to_leaders_only(recording: Recording) -> None:
    """A worker would answer nothing."""
    chosen = recording.one("Service")["spec"]["selector"]
    template = spec(recording)["leaderWorkerTemplate"]
    leader, worker = (template[f"{role}Template"]["metadata"]["labels"] for role in ROLES)

    assert chosen.items() <= leader.items()
    assert not chosen.items() <= worker.items()
    assert ("server", "worker") == (leader[COMPONENT], worker[COMPONENT])


def test_the_group_has_another_name_than_the_service(recording: Recording) -> None:
    """The controller makes a headless Service of the group's name, by which the leader is found."""
    assert ("granite", "granite-group") == (
        recording.one("Service")["metadata"]["name"],
        recording.one("LeaderWorkerSet")["metadata"]["name"],
    )


@pytest.mark.parametrize("model", ["a", "granite", "m" * 40, "m" * 63])
def test_a_groups_name_leaves_room_for_what_is_added(model: str) -> None:
    """`-15-15` and the revision of a StatefulSet are in labels and host names of 63 characters."""
    assert len(group_name(model)) <= MAX_NAME - ORDINALS
    assert group_name(model) != group_name(f"{model}x")


def test_the_pods_of_a_model_reach_each_other_and_nobody_else(recording: Recording) -> None:
    """Every port, since NCCL and vLLM take them as they come; besides it only names are asked for."""
    policies = {each["metadata"]["name"]: each["spec"] for each in recording.kinds("NetworkPolicy")}
    group = policies["granite-group"]
    dns = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]

    assert MEMBERS == group["podSelector"]
    assert ["Ingress", "Egress"] == group["policyTypes"]
    assert [{"from": [{"podSelector": MEMBERS}]}] == group["ingress"]
    assert {"to": [{"podSelector": MEMBERS}]} == group["egress"][0]
    assert [dns] == [rule["ports"] for rule in group["egress"][1:]]


def test_no_pod_starts_before_its_policies(recording: Recording) -> None:
    """Both that shut it in and that open its way to the others."""
    waited = recording.dependencies["kubernetes:leaderworkerset.x-k8s.io/v1:LeaderWorkerSet::granite-group"]

    assert {
        "kubernetes:networking.k8s.io/v1:NetworkPolicy::granite-server",
        "kubernetes:networking.k8s.io/v1:NetworkPolicy::granite-group",
    } <= waited


def test_the_budget_counts_every_pod(recording: Recording) -> None:
    """One evicted worker stops its replica as surely as the leader: the next one has to wait."""
    budget = recording.one("PodDisruptionBudget")["spec"]

    assert (MEMBERS, 1, "AlwaysAllow") == (
        budget["selector"],
        budget["maxUnavailable"],
        budget["unhealthyPodEvictionPolicy"],
    )


@pytest.mark.parametrize(("spare", "single", "surge"), [(False, False, 0), (True, False, 1)])
def test_a_rollout_takes_another_group_only_with_gpus_to_spare(spare: bool, single: bool, surge: int) -> None:  # noqa: FBT001 - parameters
    """Otherwise the old group goes first: a new one would wait for its GPUs for ever."""
    found = spec(deploy(spare_gpus=spare, single_node_volume=single))["rolloutStrategy"]

    assert {
        "type": "RollingUpdate",
        "rollingUpdateConfiguration": {"maxSurge": surge, "maxUnavailable": 1 - surge},
    } == found


def test_a_group_stays_in_a_zone_where_there_is_room(recording: Recording) -> None:
    """The pods of one group are drawn together, by the key that only they have."""
    for role in ROLES:
        (wish,) = pod(recording, role)["affinity"]["podAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
        assert ["leaderworkerset.sigs.k8s.io/group-key"] == wish["podAffinityTerm"]["matchLabelKeys"]
        assert "topology.kubernetes.io/zone" == wish["podAffinityTerm"]["topologyKey"]


def test_replicas_are_spread_by_their_leaders(recording: Recording) -> None:
    """A worker is not spread: it belongs near its leader."""
    assert ["leaderworkerset.sigs.k8s.io/template-revision-hash"] == (
        pod(recording, "leader")["topologySpreadConstraints"][0]["matchLabelKeys"]
    )
    assert "topologySpreadConstraints" not in pod(recording, "worker")


def test_the_interconnect_is_what_was_wished() -> None:
    """A label that a group has for itself, an interface for NCCL and Gloo, and a device of the fast network."""
    found = deploy(
        interconnect={"topology_key": "example.com/rack", "interface": "eth1", "resources": {"rdma/hca": 1}},
    )
    notes = found.one("LeaderWorkerSet")["metadata"]["annotations"]

    assert "example.com/rack" == notes["leaderworkerset.sigs.k8s.io/exclusive-topology"]
    for role in ROLES:
        only = container(found, role)
        assert {"GLOO_SOCKET_IFNAME": "eth1", "NCCL_SOCKET_IFNAME": "eth1"}.items() <= variables(only).items()
        assert "1" == only["resources"]["requests"]["rdma/hca"] == only["resources"]["limits"]["rdma/hca"]


def test_gpus_that_are_claimed_stay_claimed() -> None:
    """A device of the fast network is asked for beside the claim, on every node."""
    found = deploy(device_class="gpu.nvidia.com", interconnect={"resources": {"rdma/hca": 1}})

    for role in ROLES:
        assert ["gpus"] == [each["name"] for each in pod(found, role)["resourceClaims"]]
        assert [{"name": "gpus"}] == container(found, role)["resources"]["claims"]
        assert "1" == container(found, role)["resources"]["limits"]["rdma/hca"]


def test_an_autoscaler_sets_the_number_of_groups() -> None:
    """What it sets is stated nowhere else."""
    assert "replicas" not in spec(deploy(replicas=1, max_replicas=3))


def test_without_an_interconnect_nothing_is_chosen(recording: Recording) -> None:
    """NCCL and Gloo find the pod's own interface."""
    notes = recording.one("LeaderWorkerSet")["metadata"]["annotations"]

    assert {"pulumi.com/waitFor": "condition=Available"} == notes
    assert not {"GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"} & set(variables(container(recording, "leader")))


def test_another_flag_rolls_both_roles() -> None:
    """The config's name is in both templates, so a change reaches all nodes."""
    first, second = deploy(), deploy(max_model_len=4096)
    for role in ROLES:
        assert pod(first, role)["volumes"] != pod(second, role)["volumes"]


def test_a_key_of_a_new_generation_replaces_the_leader(recording: Recording) -> None:
    """Only its template changes, and with it the group."""
    notes = [spec(recording)["leaderWorkerTemplate"][f"{role}Template"]["metadata"]["annotations"] for role in ROLES]

    assert ["2", None] == [each.get("slipway/key-generation") for each in notes]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("role", ROLES)
def test_both_templates_meet_the_strict_schema(recording: Recording, role: str, version: str) -> None:
    """As the Pods that the controller makes of them: the LeaderWorkerSet's own schema says nothing of pods."""
    template = spec(recording)["leaderWorkerTemplate"][f"{role}Template"]
    made = {"apiVersion": "v1", "kind": "Pod", **template}

    kubernetes_validate.validate({**made, "metadata": {**made["metadata"], "name": role}}, version, strict=True)


@pytest.mark.parametrize("role", ROLES)
def test_both_pods_meet_pod_security_restricted(recording: Recording, role: str) -> None:
    """What holds for the server of one node holds on every node."""
    found = pod(recording, role)

    assert found["securityContext"]["runAsNonRoot"] is True
    assert found["automountServiceAccountToken"] is False
    assert found["enableServiceLinks"] is False
    for each in [*found["initContainers"], *found["containers"]]:
        assert {"drop": ["ALL"]} == each["securityContext"]["capabilities"]
        assert each["securityContext"]["readOnlyRootFilesystem"] is True
        assert each["resources"]["requests"] == each["resources"]["limits"]


def test_what_scales_is_the_set_of_groups() -> None:
    """An autoscaler sets its replicas by the scale subresource, as it does a Deployment's."""
    seen: list[Any] = []

    def program() -> None:
        several = VllmInferenceService("granite", service_args(nodes_per_replica=2))
        one = VllmInferenceService("small", service_args())
        seen.extend(settled(each.scale_target) for each in (several, one))

    record(program)
    assert [
        [{"apiVersion": "leaderworkerset.x-k8s.io/v1", "kind": "LeaderWorkerSet", "name": "granite-group"}],
        [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "small"}],
    ] == seen


def test_a_volume_for_one_node_is_refused() -> None:
    """The second node could not mount it."""
    with pytest.raises(pulumi.RunError, match="2 nodes of a replica cannot share a ReadWriteOnce volume"):
        deploy(single_node_volume=True)


def test_one_node_is_a_deployment_as_before() -> None:
    """No group, no policy for one, no flag of one."""
    found = record(lambda: VllmInferenceService("granite", service_args(weights_bytes=5 * GIB)))

    assert [] == found.kinds("LeaderWorkerSet")
    assert ["granite-server"] == [each["metadata"]["name"] for each in found.kinds("NetworkPolicy")]
    assert not {"nnodes", "pipeline-parallel-size"} & set(yaml.safe_load(found.one("ConfigMap")["data"]["args.yaml"]))
