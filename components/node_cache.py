"""NodeCache: the weights of a pool's models on each node's own disk."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.cache.args import CachedModelArgs, NodeCacheArgs
from components.cache.daemon import DaemonNames, daemon_spec
from components.cache.volume import claim_spec, version, volume_spec
from components.naming import digest, labels, object_name, selector
from components.server import network
from components.weights.args import ModelWeightsArgs
from components.weights.disk import NODE
from components.weights.manifest import HUB, Manifest, manifest
from components.weights.mount import RELEASE
from components.weights.script import MANIFEST, modules

TOKEN = "slipway:index:NodeCache"  # noqa: S105 - a type token of Pulumi, no secret
CACHE = "cache"
PATIENCE = 600  # seconds beside the files' own, for the image


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheResources:
    """The objects of one pool's cache."""

    volume: kubernetes.core.v1.PersistentVolume
    claim: kubernetes.core.v1.PersistentVolumeClaim
    service_account: kubernetes.core.v1.ServiceAccount
    script: kubernetes.core.v1.ConfigMap
    manifests: Mapping[str, kubernetes.core.v1.ConfigMap]
    network_policy: kubernetes.networking.v1.NetworkPolicy
    daemon_set: kubernetes.apps.v1.DaemonSet


class NodeCache(pulumi.ComponentResource):
    """A folder on each node of a pool, filled once a node with exactly the files that were checked.

    A node that joins later is filled as it comes; the servers on it wait for the marker. Of each model the version
    before stays, so that a roll back finds it; what no model of the stack needs any more is removed.
    """

    claim_name: pulumi.Output[str]
    """The claim to mount, known once the nodes that are there have the files."""

    def __init__(self, name: str, args: NodeCacheArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make volume, claim and DaemonSet; raise RunError for a model without files or a full commit."""
        super().__init__(TOKEN, name, _inputs(args), opts)
        self._name, self._args = object_name(name), args
        self._labels = labels(name, CACHE)
        self._found = {each["name"]: manifest(each["name"], _as_weights(each)) for each in args.get("models", [])}
        self.resources = self._resources()
        claim, daemon = self.resources.claim, self.resources.daemon_set
        # Through the DaemonSet's name servers wait for it: no rollout stops one before the next one's files are there.
        self.claim_name = pulumi.Output.all(claim.metadata.name, daemon.metadata.name).apply(lambda names: names[0])
        self.register_outputs({"claimName": self.claim_name})

    def _resources(self) -> CacheResources:
        key = version(self._args["path"], self._args["node_selector"])
        name = key.apply(lambda changing: object_name(self._name, "models", changing))
        volume = self._volume(name, key)
        claim = self._claim(name, volume)
        account = self._service_account()
        script = self._script()
        manifests = {model: self._manifest(model, found) for model, found in sorted(self._found.items())}
        policy = self._network_policy()
        names = DaemonNames(
            claim=claim.metadata.name,
            script=script.metadata.name,
            manifests={model: each.metadata.name for model, each in manifests.items()},
            service_account=account.metadata.name,
        )
        return CacheResources(
            volume=volume,
            claim=claim,
            service_account=account,
            script=script,
            manifests=manifests,
            network_policy=policy,
            daemon_set=self._daemon_set(names, policy),
        )

    def _metadata(self, name: pulumi.Input[str]) -> kubernetes.meta.v1.ObjectMetaArgsDict:
        return {"name": name, "namespace": self._args["namespace"], "labels": self._labels}

    def _options(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)

    def _volume(self, claim: pulumi.Input[str], key: pulumi.Output[str]) -> kubernetes.core.v1.PersistentVolume:
        """Make the volume; it belongs to no namespace, so its name has the stack's folder in it."""
        name = key.apply(lambda changing: object_name(*self._args["folder"].split("/"), "models", changing))
        return kubernetes.core.v1.PersistentVolume(
            f"{self._name}-cache",
            metadata={"name": name, "labels": self._labels},
            spec=volume_spec(self._args["path"], self._args["node_selector"], claim, self._args["namespace"]),
            opts=self._options(),
        )

    def _claim(
        self, name: pulumi.Input[str], volume: kubernetes.core.v1.PersistentVolume
    ) -> kubernetes.core.v1.PersistentVolumeClaim:
        return kubernetes.core.v1.PersistentVolumeClaim(
            f"{self._name}-cache",
            metadata=self._metadata(name),
            spec=claim_spec(volume.metadata.name),
            opts=pulumi.ResourceOptions(parent=self, custom_timeouts=pulumi.CustomTimeouts(delete=f"{RELEASE}s")),
        )

    def _service_account(self) -> kubernetes.core.v1.ServiceAccount:
        return kubernetes.core.v1.ServiceAccount(
            f"{self._name}-cache",
            metadata=self._metadata(object_name(self._name, CACHE)),
            automount_service_account_token=False,
            opts=self._options(),
        )

    def _script(self) -> kubernetes.core.v1.ConfigMap:
        scripts = modules()
        return kubernetes.core.v1.ConfigMap(
            f"{self._name}-cache",
            metadata=self._metadata(object_name(self._name, CACHE, digest(*scripts.values()))),
            data=scripts,
            immutable=True,
            opts=self._options(),
        )

    def _manifest(self, model: str, found: Manifest) -> kubernetes.core.v1.ConfigMap:
        return kubernetes.core.v1.ConfigMap(
            f"{self._name}-cache-{model}",
            metadata=self._metadata(object_name(self._name, CACHE, model, digest(found.text))),
            data={MANIFEST: found.text},
            immutable=True,
            opts=self._options(),
        )

    def _network_policy(self) -> kubernetes.networking.v1.NetworkPolicy:
        hubs = [each.get("endpoint", HUB) for each in self._args.get("models", [])]
        return kubernetes.networking.v1.NetworkPolicy(
            f"{self._name}-cache",
            metadata=self._metadata(object_name(self._name, CACHE)),
            spec=network.fetching(self._selector(), ports=network.ports_of(hubs)),
            opts=self._options(),
        )

    def _daemon_set(
        self, names: DaemonNames, policy: kubernetes.networking.v1.NetworkPolicy
    ) -> kubernetes.apps.v1.DaemonSet:
        patience = f"{PATIENCE + sum(each.seconds for each in self._found.values())}s"
        return kubernetes.apps.v1.DaemonSet(
            f"{self._name}-cache",
            metadata=self._metadata(object_name(self._name, CACHE)),
            spec=daemon_spec(self._args, names, self._labels, self._selector()),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[policy],
                custom_timeouts=pulumi.CustomTimeouts(create=patience, update=patience),
            ),
        )

    def _selector(self) -> dict[str, str]:
        return selector(self._labels["app.kubernetes.io/instance"], CACHE)


def _as_weights(model: CachedModelArgs) -> ModelWeightsArgs:
    """Return a model as its ModelWeights knows it, so that both speak of the same list of files."""
    args: ModelWeightsArgs = {
        "namespace": "",
        "store": NODE,
        "repository": model["repository"],
        "commit": model["commit"],
        "files": model["files"],
    }
    if "endpoint" in model:
        args["endpoint"] = model["endpoint"]
    return args


def _inputs(args: NodeCacheArgs) -> Mapping[str, Any]:
    """Return what the plan shows: of each model's files their number and size, since there may be hundreds."""
    shown = [
        {
            **{key: value for key, value in model.items() if key != "files"},
            "file_count": len(model["files"]),
            "bytes": sum(each["size"] for each in model["files"]),
        }
        for model in args.get("models", [])
    ]
    return {**{key: value for key, value in args.items() if key != "models"}, "models": shown}
