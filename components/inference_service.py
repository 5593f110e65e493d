"""VllmInferenceService: the servers of one model, deployed exactly as they were planned."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.apiextensions import CustomResource

from components.naming import SERVER, WORKER, digest, labels, object_name, selector
from components.server import group, network, probes, replicas, sizes
from components.server.args import VllmInferenceServiceArgs
from components.server.arguments import PORT, arguments, config_text
from components.server.claims import claim_template, is_claiming
from components.server.pod import GUARD_FILE, ServerNames, server_pod
from components.telemetry.logs import LOG_CONFIG, log_config

TOKEN = "slipway:index:VllmInferenceService"  # noqa: S105 - a type token of Pulumi, no secret
COMPOSE = Path(__file__).parent / "server" / "compose.py"
GUARD = Path(__file__).parent / "server" / "guard.py"
RESERVED = "vllm"  # a Service of this name makes Kubernetes set VLLM_PORT=tcp://..., which stops the server


@dataclass(frozen=True, slots=True, kw_only=True)
class VllmResources:
    """The objects of one service."""

    service_account: kubernetes.core.v1.ServiceAccount
    config_map: kubernetes.core.v1.ConfigMap
    workload: kubernetes.apps.v1.Deployment | CustomResource
    service: kubernetes.core.v1.Service
    disruption_budget: kubernetes.policy.v1.PodDisruptionBudget
    network_policy: kubernetes.networking.v1.NetworkPolicy
    media_policy: kubernetes.networking.v1.NetworkPolicy | None = None
    group_policy: kubernetes.networking.v1.NetworkPolicy | None = None
    claim_template: kubernetes.resource.v1.ResourceClaimTemplate | None = None


class VllmInferenceService(pulumi.ComponentResource):
    """The servers of one model: Service, disruption budget, network policies that shut them in, and what runs them.

    That is a Deployment, or a LeaderWorkerSet where one replica spans several nodes.
    """

    service_name: pulumi.Output[str]
    """The Service's name."""
    deployment_name: pulumi.Output[str]
    """The name of the Deployment, or of the LeaderWorkerSet."""
    scale_target: pulumi.Output[dict[str, str]]
    """What an autoscaler sets `spec.replicas` of: apiVersion, kind and name."""
    url: pulumi.Output[str]
    """The address inside the cluster, without a path."""
    load_seconds: pulumi.Output[int]
    """How long a server may take until it answers."""

    def __init__(self, name: str, args: VllmInferenceServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make the servers; raise RunError for a reserved name, a refused flag, or replicas that the volume forbids."""
        super().__init__(TOKEN, name, {**args}, opts)
        _check(name, args)
        self._name, self._args = object_name(name), args
        self._times = sizes.times(
            args.get("weights_bytes", 0),
            replicas.most(args),
            args.get("drain_seconds", sizes.DRAIN),
            group.nodes(args),
            args.get("weights_seconds", 0),
        )
        self._labels = labels(name, SERVER, args.get("commit", ""))
        self._spans = group.nodes(args) > 1
        account = self._service_account()
        config = self._config_map()
        policy = self._network_policy()
        together = self._group_policy() if self._spans else None
        claims = self._claims() if is_claiming(args) else None
        needed: list[pulumi.Resource] = [policy, *(each for each in (together, claims) if each)]
        self.resources = VllmResources(
            service_account=account,
            config_map=config,
            workload=self._workload(account, config, needed),
            service=self._service(),
            disruption_budget=self._disruption_budget(),
            network_policy=policy,
            media_policy=self._media_policy() if args.get("allowed_media_domains") else None,
            group_policy=together,
            claim_template=claims,
        )
        self.service_name = self.resources.service.metadata.name
        self.deployment_name = pulumi.Output.from_input(group.group_name(self._name) if self._spans else self._name)
        api, kind = (group.API_VERSION, group.KIND) if self._spans else ("apps/v1", "Deployment")
        self.scale_target = self.deployment_name.apply(
            lambda deployed: {"apiVersion": api, "kind": kind, "name": deployed}
        )
        self.url = pulumi.Output.concat("http://", self.service_name, ".", args["namespace"], ".svc:", str(PORT))
        self.load_seconds = pulumi.Output.from_input(self._times.load)
        self.register_outputs(
            {
                "serviceName": self.service_name,
                "deploymentName": self.deployment_name,
                "scaleTarget": self.scale_target,
                "url": self.url,
                "loadSeconds": self.load_seconds,
            }
        )

    def _metadata(self, name: str) -> kubernetes.meta.v1.ObjectMetaArgsDict:
        annotations = {"slipway/source": self._args["source"]} if self._args.get("source") else {}
        metadata: kubernetes.meta.v1.ObjectMetaArgsDict = {
            "name": name,
            "namespace": self._args["namespace"],
            "labels": self._labels,
        }
        if annotations:
            metadata["annotations"] = annotations
        return metadata

    def _options(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)

    def _service_account(self) -> kubernetes.core.v1.ServiceAccount:
        return kubernetes.core.v1.ServiceAccount(
            f"{self._name}-server",
            metadata=self._metadata(object_name(self._name, "server")),
            automount_service_account_token=False,
            opts=self._options(),
        )

    def _config_map(self) -> kubernetes.core.v1.ConfigMap:
        """Make the arguments, under a name that changes with them: so a change rolls the servers."""
        text = config_text(arguments(self._args, self._times.drain, self._times.load))
        script = COMPOSE.read_text(encoding="utf-8")
        guard = GUARD.read_text(encoding="utf-8")
        data = {"args.yaml": text, "compose.py": script, GUARD_FILE: guard}
        if self._args.get("log_format", "text") == "json":
            data[LOG_CONFIG] = log_config()
        self._checksum = digest(*data.values())
        return kubernetes.core.v1.ConfigMap(
            f"{self._name}-config",
            metadata=self._metadata(object_name(self._name, "config", self._checksum)),
            data=data,
            immutable=True,
            opts=self._options(),
        )

    def _workload(
        self,
        account: kubernetes.core.v1.ServiceAccount,
        config: kubernetes.core.v1.ConfigMap,
        needed: list[pulumi.Resource],
    ) -> kubernetes.apps.v1.Deployment | CustomResource:
        args, times = self._args, self._times
        names = ServerNames(
            model=self._labels["app.kubernetes.io/instance"],
            config_map=config.metadata.name,
            service_account=account.metadata.name,
        )
        annotations: dict[str, pulumi.Input[str]] = {"slipway/config": self._checksum}
        if "api_key_checksum" in args:
            annotations["slipway/key-generation"] = args["api_key_checksum"]
        options = pulumi.ResourceOptions(
            parent=self,
            depends_on=needed,
            # An autoscaler's number is stated nowhere; ignoring it keeps the present one when an autoscaler is added.
            ignore_changes=["spec.replicas"] if replicas.scaled(args) else [],
            custom_timeouts=pulumi.CustomTimeouts(
                create=f"{times.create}s", update=f"{times.update}s", delete=f"{times.stop + 300}s"
            ),
        )
        make = self._leader_worker_set if self._spans else self._deployment
        return make(names, annotations, options)

    def _leader_worker_set(
        self, names: ServerNames, annotations: dict[str, pulumi.Input[str]], options: pulumi.ResourceOptions
    ) -> CustomResource:
        metadata = self._metadata(group.group_name(self._name))
        stated = cast("dict[str, str]", metadata.get("annotations", {}))
        templates: dict[str, dict[str, Any]] = {
            SERVER: {"labels": self._labels, "annotations": annotations},
            WORKER: {
                "labels": {**self._labels, **selector(names.model, WORKER)},
                "annotations": {"slipway/config": self._checksum},
            },
        }
        return CustomResource(
            f"{self._name}-group",
            api_version=group.API_VERSION,
            kind=group.KIND,
            metadata={**metadata, "annotations": {**stated, **group.annotations(self._args)}},
            spec=group.group_spec(self._args, names, self._times, templates),
            opts=options,
        )

    def _deployment(
        self, names: ServerNames, annotations: dict[str, pulumi.Input[str]], options: pulumi.ResourceOptions
    ) -> kubernetes.apps.v1.Deployment:
        args, times = self._args, self._times
        surge = replicas.surge(args)
        spec: kubernetes.apps.v1.DeploymentSpecArgsDict = {
            "revision_history_limit": 5,
            "progress_deadline_seconds": times.progress,
            "selector": {"match_labels": selector(names.model, SERVER)},
            "strategy": {
                "type": "RollingUpdate",
                "rolling_update": {"max_surge": surge, "max_unavailable": 1 - surge},
            },
            "template": {
                "metadata": {"labels": self._labels, "annotations": annotations},
                "spec": server_pod(args, names, times),
            },
        }
        if not replicas.scaled(args):
            spec["replicas"] = args.get("replicas", 1)
        return kubernetes.apps.v1.Deployment(
            f"{self._name}-server", metadata=self._metadata(self._name), spec=spec, opts=options
        )

    def _claims(self) -> kubernetes.resource.v1.ResourceClaimTemplate:
        model = self._labels["app.kubernetes.io/instance"]
        return claim_template(model, self._args, self._metadata(self._name), self._options())

    def _service(self) -> kubernetes.core.v1.Service:
        metadata = self._metadata(self._name)
        if self._args.get("replicas", 1) == 0:  # nobody may answer for days, and that is no failure
            stated = cast("dict[str, str]", metadata.get("annotations", {}))
            metadata["annotations"] = {**stated, "pulumi.com/skipAwait": "true"}
        return kubernetes.core.v1.Service(
            f"{self._name}-service",
            metadata=metadata,
            spec={
                "type": "ClusterIP",
                "selector": selector(self._labels["app.kubernetes.io/instance"], SERVER),
                "ports": [{"name": probes.HTTP, "port": PORT, "target_port": probes.HTTP, "protocol": "TCP"}],
            },
            opts=pulumi.ResourceOptions(parent=self, custom_timeouts=self._patience()),
        )

    def _patience(self) -> pulumi.CustomTimeouts:
        """Return the time that a Service may wait for its first server."""
        return pulumi.CustomTimeouts(create=f"{self._times.create}s", update=f"{self._times.update}s")

    def _disruption_budget(self) -> kubernetes.policy.v1.PodDisruptionBudget:
        """Let one replica at a time be disrupted; of one that spans nodes every pod counts, since it needs them all."""
        model = self._labels["app.kubernetes.io/instance"]
        guarded = group.members(model) if self._spans else {"match_labels": selector(model, SERVER)}
        return kubernetes.policy.v1.PodDisruptionBudget(
            f"{self._name}-server",
            metadata=self._metadata(object_name(self._name, "server")),
            spec={
                "max_unavailable": 1,
                "selector": cast("Any", guarded),
                "unhealthy_pod_eviction_policy": "AlwaysAllow",
            },
            opts=self._options(),
        )

    def _network_policy(self) -> kubernetes.networking.v1.NetworkPolicy:
        spec = network.closed(selector(self._labels["app.kubernetes.io/instance"], SERVER))
        if watcher := self._args.get("monitoring_namespace"):
            opened = network.callable_from({}, [network.namespace_peer(watcher)])
            spec["ingress"] = opened["ingress"]
        return kubernetes.networking.v1.NetworkPolicy(
            f"{self._name}-server",
            metadata=self._metadata(object_name(self._name, "server")),
            spec=spec,
            opts=self._options(),
        )

    def _group_policy(self) -> kubernetes.networking.v1.NetworkPolicy:
        return kubernetes.networking.v1.NetworkPolicy(
            f"{self._name}-group",
            metadata=self._metadata(object_name(self._name, "group")),
            spec=network.together(cast("Any", group.members(self._labels["app.kubernetes.io/instance"]))),
            opts=self._options(),
        )

    def _media_policy(self) -> kubernetes.networking.v1.NetworkPolicy:
        mine = selector(self._labels["app.kubernetes.io/instance"], SERVER)
        return kubernetes.networking.v1.NetworkPolicy(
            f"{self._name}-media",
            metadata=self._metadata(object_name(self._name, "media")),
            spec=network.fetching(mine, private=False),
            opts=self._options(),
        )


def _check(name: str, args: VllmInferenceServiceArgs) -> None:
    if object_name(name) == RESERVED:
        raise pulumi.RunError(f"model `{name}`: a Service of this name stops vLLM; choose another `name`")
    if args.get("single_node_volume", False) and replicas.most(args) > 1:
        key = "max" if replicas.scaled(args) else "min"
        raise pulumi.RunError(
            f"model `{name}`: {replicas.most(args)} replicas cannot share a ReadWriteOnce volume; "
            f"set `weights.accessMode` to ReadWriteMany, or `replicas.{key}` to 1"
        )
    if args.get("single_node_volume", False) and group.nodes(args) > 1:
        raise pulumi.RunError(
            f"model `{name}`: {group.nodes(args)} nodes of a replica cannot share a ReadWriteOnce volume; "
            "set `weights.accessMode` to ReadWriteMany, or `nodesPerReplica` to 1"
        )
