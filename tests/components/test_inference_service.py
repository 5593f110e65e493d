"""VllmInferenceService: the server is what was planned."""

from typing import Any

import pulumi
import pytest
import yaml

from components.inference_service import VllmInferenceService
from components.server import sizes
from components.server.arguments import arguments
from tests.components.examples import COMMIT, GIB, IMAGE, service_args
from tests.components.recording import Recording, record, settled


def deploy(name: str = "granite", **changes: Any) -> Recording:
    """Return what a service with these changes registers."""
    return record(lambda: VllmInferenceService(name, service_args(**changes)))


def pod(recording: Recording) -> dict[str, Any]:
    """Return the server's pod."""
    found: dict[str, Any] = recording.one("Deployment")["spec"]["template"]["spec"]
    return found


def server(recording: Recording) -> dict[str, Any]:
    """Return the server's container."""
    (found,) = pod(recording)["containers"]
    assert isinstance(found, dict)
    return found


def flags(recording: Recording) -> Any:
    """Return the arguments as vLLM will read them."""
    return yaml.safe_load(recording.one("ConfigMap")["data"]["args.yaml"])


def test_the_arguments_are_exactly_the_plan() -> None:
    """What was checked is what is served: nothing is left to be derived again in the container."""
    recording = deploy(
        tensor_parallel_size=2,
        gpu_memory_utilization=0.9,
        dtype="bfloat16",
        kv_cache_dtype="fp8",
        max_num_seqs=128,
        max_num_batched_tokens=4096,
        runner="generate",
        convert="none",
        config_format="mistral",
    )

    assert {
        "served-model-name": ["granite"],
        "port": 8000,
        "load-format": "safetensors",
        "tensor-parallel-size": 2,
        "shutdown-timeout": 120,
        "middleware": "slipway_guard.Guard",
        "disable-fastapi-docs": True,
        "max-model-len": 8192,
        "gpu-memory-utilization": 0.9,
        "dtype": "bfloat16",
        "kv-cache-dtype": "fp8",
        "max-num-seqs": 128,
        "max-num-batched-tokens": 4096,
        "runner": "generate",
        "config-format": "mistral",
    } == flags(recording)
    assert ["vllm", "serve"] == server(recording)["command"]
    assert ["/models/0123456789ab", "--config", "/run/slipway/config.yaml"] == server(recording)["args"]


def test_an_embedding_model_runs_as_pooling() -> None:
    """The wrong runner is the classic failure of embedding models."""
    found = flags(deploy(runner="pooling", convert="embed"))

    assert ("pooling", "embed") == (found["runner"], found["convert"])


def test_media_is_fetched_from_stated_hosts_only() -> None:
    """A server that fetches what clients name reaches the inside of the network."""
    recording = deploy(multimodal=True, allowed_media_domains=["images.example.com"], limit_mm_per_prompt={"image": 2})

    assert ["images.example.com"] == flags(recording)["allowed-media-domains"]
    assert {"image": 2} == flags(recording)["limit-mm-per-prompt"]
    policies = {each["metadata"]["name"]: each["spec"] for each in recording.kinds("NetworkPolicy")}
    excepted = policies["granite-media"]["egress"][1]["to"][0]["ipBlock"]["except"]
    assert {"10.0.0.0/8", "169.254.0.0/16", "192.168.0.0/16"} <= set(excepted)


def test_a_multimodal_model_without_hosts_fetches_nothing() -> None:
    """An empty list would mean every host to vLLM."""
    recording = deploy(multimodal=True)

    assert ["media.invalid"] == flags(recording)["allowed-media-domains"]
    assert ["granite-server"] == [each["metadata"]["name"] for each in recording.kinds("NetworkPolicy")]


@pytest.mark.parametrize(
    "flag",
    [
        "api-key",
        "api_key",
        "--host",
        "trust-request-chat-template",
        "enable-prompt-embeds",
        "load-format",
        "middleware",
    ],
)
def test_a_flag_that_opens_the_server_is_refused(flag: str) -> None:
    """Whatever its spelling."""
    with pytest.raises(pulumi.RunError, match="may not be set"):
        arguments(service_args(extra_arguments={flag: True}), 120)


def test_other_flags_are_passed_on() -> None:
    """What Slipway has no key for is still possible."""
    assert (
        64
        == arguments(service_args(extra_arguments={"--long_prefill-token-threshold": 64}), 120)[
            "long-prefill-token-threshold"
        ]
    )


@pytest.mark.parametrize(
    ("weights", "seconds"), [(0, 1800), (50 * GIB, 1800), (100 * GIB, 2700), (300 * GIB, 6300), (2000 * GIB, 10800)]
)
def test_the_time_to_load_follows_the_weights(weights: int, seconds: int) -> None:
    """15 min + 18 s for each GiB, from 30 to 180 min, everywhere the same."""
    recording = deploy(weights_bytes=weights)
    container = server(recording)

    assert seconds == sizes.load_seconds(weights)
    assert seconds == container["startupProbe"]["failureThreshold"] * container["startupProbe"]["periodSeconds"]
    assert {"name": "VLLM_ENGINE_READY_TIMEOUT_S", "value": str(seconds)} in container["env"]
    assert seconds < recording.one("Deployment")["spec"]["progressDeadlineSeconds"]


def test_the_probes_ask_what_they_mean() -> None:
    """Ready is not alive: a busy server leaves the Service before anybody kills it."""
    container = server(deploy())

    assert "/health" == container["startupProbe"]["httpGet"]["path"]
    assert "/ping" == container["readinessProbe"]["httpGet"]["path"]
    assert ("/health", 6) == (
        container["livenessProbe"]["httpGet"]["path"],
        container["livenessProbe"]["failureThreshold"],
    )


@pytest.mark.parametrize("drain", [0, 120, 900])
def test_a_stopping_server_finishes_its_streams(drain: int) -> None:
    """Kubernetes kills only after the wait for the proxies and vLLM's own time."""
    recording = deploy(drain_seconds=drain)
    wait = server(recording)["lifecycle"]["preStop"]["sleep"]["seconds"]

    assert drain == flags(recording)["shutdown-timeout"]
    assert pod(recording)["terminationGracePeriodSeconds"] > wait + drain


@pytest.mark.parametrize(
    ("gpus", "cpu", "memory", "shared"), [(1, "6", "11Gi", "1Gi"), (2, "8", "18Gi", "4Gi"), (8, "20", "48Gi", "10Gi")]
)
def test_cpu_memory_and_shared_memory_follow_the_gpus(gpus: int, cpu: str, memory: str, shared: str) -> None:
    """Shared memory counts as memory of the pod, so the limit holds it."""
    recording = deploy(tensor_parallel_size=gpus)
    limits = server(recording)["resources"]["limits"]
    volume = next(each for each in pod(recording)["volumes"] if each["name"] == "shared-memory")

    assert (cpu, memory, str(gpus)) == (limits["cpu"], limits["memory"], limits["nvidia.com/gpu"])
    assert {"medium": "Memory", "sizeLimit": shared} == volume["emptyDir"]


def test_stated_sizes_win() -> None:
    """A small node may be told to do with less."""
    limits = server(deploy(cpu="3500m", memory="12Gi", gpu_resource="nvidia.com/mig-1g.10gb"))["resources"]["limits"]

    assert {"cpu": "3500m", "memory": "12Gi", "ephemeral-storage": "17Gi", "nvidia.com/mig-1g.10gb": "1"} == limits


def test_a_rollout_without_spare_gpu_frees_one_first() -> None:
    """With a surge the new pod would wait for ever for the GPU of the old one."""
    strategy = deploy().one("Deployment")["spec"]["strategy"]

    assert {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}} == strategy


@pytest.mark.parametrize(("single", "surge"), [(False, 1), (True, 0)])
def test_spare_gpus_are_used_unless_the_volume_is_for_one_node(*, single: bool, surge: int) -> None:
    """A second pod on another node could not mount a ReadWriteOnce volume."""
    strategy = deploy(spare_gpus=True, single_node_volume=single).one("Deployment")["spec"]["strategy"]["rollingUpdate"]

    assert {"maxSurge": surge, "maxUnavailable": 1 - surge} == strategy


def test_replicas_on_a_volume_for_one_node_are_refused() -> None:
    """The second pod would hang in ContainerCreating, on a rented GPU."""
    with pytest.raises(pulumi.RunError, match="2 replicas cannot share a ReadWriteOnce volume"):
        deploy(replicas=2, single_node_volume=True)


def test_an_autoscaler_s_number_is_nobody_else_s() -> None:
    """The Deployment states no replicas, and a present number is kept when an autoscaler is added."""
    scaled, fixed = deploy(replicas=2, max_replicas=4), deploy(replicas=2)

    assert "replicas" not in scaled.one("Deployment")["spec"]
    assert (["spec.replicas"], []) == (scaled.ignored["granite-server"], fixed.ignored["granite-server"])
    assert 2 == fixed.one("Deployment")["spec"]["replicas"]


def test_the_most_replicas_need_a_volume_for_all() -> None:
    """The autoscaler's second server would hang as well."""
    with pytest.raises(pulumi.RunError, match=r"3 replicas cannot share .* or `replicas.max` to 1"):
        deploy(replicas=1, max_replicas=3, single_node_volume=True)


def test_a_service_without_servers_is_not_waited_for() -> None:
    """With the last server stopped, an update of the Service would wait for one until its time is over."""
    waiting = deploy(replicas=0, max_replicas=1, source="hf://a/b").one("Service")["metadata"]["annotations"]

    assert {"slipway/source": "hf://a/b", "pulumi.com/skipAwait": "true"} == waiting
    assert "annotations" not in deploy(replicas=1, max_replicas=2).one("Service")["metadata"]


def test_a_priority_class_is_passed_on() -> None:
    """Where GPUs run out, the scheduler decides by it."""
    assert "interactive" == pod(deploy(priority_class="interactive"))["priorityClassName"]
    assert "priorityClassName" not in pod(deploy())


def test_a_service_named_vllm_is_refused() -> None:
    """Kubernetes would set VLLM_PORT=tcp://..., which stops the server."""
    with pytest.raises(pulumi.RunError, match="choose another `name`"):
        deploy(name="vllm")


def test_a_change_of_the_arguments_rolls_the_servers() -> None:
    """The config map's name and the pod's annotation follow the arguments; the old one stays for a rollback."""
    first, second = deploy(), deploy(max_model_len=4096)
    names = [each.one("ConfigMap")["metadata"]["name"] for each in (first, second)]
    mounted = [
        next(volume["configMap"]["name"] for volume in pod(each)["volumes"] if volume["name"] == "config")
        for each in (first, second)
    ]
    annotations = [each.one("Deployment")["spec"]["template"]["metadata"]["annotations"] for each in (first, second)]

    assert names == mounted
    assert names[0] != names[1]
    assert annotations[0] != annotations[1]
    assert first.one("ConfigMap")["immutable"] is True


def test_without_a_named_entry_every_entry_of_the_secret_is_mounted() -> None:
    """Several keys are valid at once."""
    (volume,) = [each for each in pod(deploy(api_key_secret_name="keys"))["volumes"] if each["name"] == "keys"]

    assert {"secretName": "keys", "defaultMode": 0o440} == volume["secret"]


def test_the_server_may_neither_call_nor_be_called() -> None:
    """Openings are the endpoint's business."""
    policy = deploy().one("NetworkPolicy")["spec"]

    assert {"podSelector", "policyTypes"} == set(policy)
    assert ["Ingress", "Egress"] == policy["policyTypes"]


def test_metrics_are_open_to_one_namespace() -> None:
    """Prometheus may read them, nobody else."""
    (rule,) = deploy(monitoring_namespace="monitoring").one("NetworkPolicy")["spec"]["ingress"]

    assert [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}] == rule["from"]
    assert [{"port": 8000, "protocol": "TCP"}] == rule["ports"]


def test_a_disruption_budget_lets_a_broken_server_go() -> None:
    """A node can be drained although its server never became ready."""
    budget = deploy(replicas=2).one("PodDisruptionBudget")["spec"]

    assert ("AlwaysAllow", 1) == (budget["unhealthyPodEvictionPolicy"], budget["maxUnavailable"])


def test_the_server_is_offline_and_quiet() -> None:
    """Nothing is fetched, nothing is reported, no developer mode."""
    values = {each["name"]: each["value"] for each in server(deploy())["env"]}

    assert ("1", "1", "1", "1") == tuple(
        values[name] for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "VLLM_NO_USAGE_STATS", "DO_NOT_TRACK")
    )
    assert ("0", "64") == (values["VLLM_MEDIA_URL_ALLOW_REDIRECTS"], values["VLLM_MAX_N_SEQUENCES"])
    assert [] == [name for name in values if "DEV_MODE" in name or "INSECURE" in name or "RUNTIME_LORA" in name]


def test_a_runtime_that_cannot_mount_a_read_only_root_has_a_switch() -> None:
    """One documented exception, off by default."""
    loose = pod(deploy(read_only_root_filesystem=False))

    assert [False, False] == [
        each["securityContext"]["readOnlyRootFilesystem"] for each in [*loose["initContainers"], *loose["containers"]]
    ]


def test_the_outputs_name_what_was_made() -> None:
    """The address leads to the Service."""
    seen: list[Any] = []

    def program() -> None:
        made = VllmInferenceService("granite", service_args(commit=COMMIT))
        seen.extend(settled(each) for each in (made.service_name, made.deployment_name, made.url, made.load_seconds))

    recording = record(program)

    assert [["granite"], ["granite"], ["http://granite.inference.svc:8000"], [1800]] == seen
    assert IMAGE == server(recording)["image"]
    assert "0123456789ab" == recording.one("Deployment")["metadata"]["labels"]["app.kubernetes.io/version"]


def test_the_guard_is_where_python_finds_it() -> None:
    """VLLM imports its middleware by the module's name, from the pod's own folder."""
    recording = deploy(endpoints=["/v1/embeddings", "/v1/models"], max_body_mib=2)
    variables = {each["name"]: each["value"] for each in server(recording)["env"]}
    (mount,) = [each for each in server(recording)["volumeMounts"] if each["name"] == "guard"]
    (volume,) = [each for each in pod(recording)["volumes"] if each["name"] == "guard"]
    (item,) = volume["configMap"]["items"]

    assert variables["PYTHONPATH"] == mount["mountPath"]
    assert item["path"] == f"{flags(recording)['middleware'].partition('.')[0]}.py"
    assert "class Guard:" in recording.one("ConfigMap")["data"][item["key"]]
    assert ("POST:/v1/embeddings GET:/v1/models", str(2 << 20)) == (
        variables["SLIPWAY_PATHS"],
        variables["SLIPWAY_MAX_BODY_BYTES"],
    )


@pytest.mark.parametrize(("multimodal", "mib"), [(False, 8), (True, 64)])
def test_a_body_may_be_larger_where_media_comes_inside(multimodal: bool, mib: int) -> None:  # noqa: FBT001 - a parameter of the test
    """Images arrive as base64."""
    variables = {each["name"]: each["value"] for each in server(deploy(multimodal=multimodal))["env"]}

    assert str(mib << 20) == variables["SLIPWAY_MAX_BODY_BYTES"]


def test_replicas_spread_over_nodes_and_zones_and_never_wait_for_it() -> None:
    """A pool with zones loses one of them and goes on serving; where GPUs are few, any free one is taken."""
    spread = pod(deploy(replicas=2))["topologySpreadConstraints"]

    assert ["kubernetes.io/hostname", "topology.kubernetes.io/zone"] == [each["topologyKey"] for each in spread]
    assert {("ScheduleAnyway", 1)} == {(each["whenUnsatisfiable"], each["maxSkew"]) for each in spread}
    assert [["pod-template-hash"]] * 2 == [each["matchLabelKeys"] for each in spread]
