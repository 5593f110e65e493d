"""ModelWeights: a volume with exactly the files that were checked, or a claim that holds them already."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.hardening import quantity
from components.naming import COMMIT_DIGITS, PREFETCH, digest, labels, object_name, selector
from components.server import network
from components.weights.args import ModelWeightsArgs
from components.weights.disk import IMAGE, NODE, STORES, VOLUME
from components.weights.job import JobNames, fetches, job_spec
from components.weights.manifest import HUB, Manifest, manifest
from components.weights.mount import RELEASE, claimed, imaged
from components.weights.script import MANIFEST, modules

TOKEN = "slipway:index:ModelWeights"  # noqa: S105 - a type token of Pulumi, no secret
ONE_NODE = "ReadWriteOnce"
MANY_NODES = "ReadWriteMany"


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsResources:
    """The objects of one model's weights; those that were not needed are None."""

    claim: kubernetes.core.v1.PersistentVolumeClaim | None = None
    service_account: kubernetes.core.v1.ServiceAccount | None = None
    config_map: kubernetes.core.v1.ConfigMap | None = None
    network_policy: kubernetes.networking.v1.NetworkPolicy | None = None
    job: kubernetes.batch.v1.Job | None = None


class ModelWeights(pulumi.ComponentResource):
    """The files of one model at one commit, on a volume, on each node of a pool, or in an image.

    A volume is made as large as the files, and a Job fills and verifies it. Both carry the commit in their names, so an
    update fills a new volume while the servers still read the old one, and the old one goes last. An image is read by
    such a Job too. What the nodes keep is the business of the pool's NodeCache.
    """

    claim_name: pulumi.Output[str]
    """The claim to mount; empty when an image holds the files."""
    folder: str
    """The folder of the model, as it is known before anything is made."""
    model_path: pulumi.Output[str]
    """The folder of the model inside the claim or the image."""
    manifest_digest: pulumi.Output[str]
    """What the prefetch's marker says; empty when there is no marker to wait for."""
    manifest_name: pulumi.Output[str]
    """The ConfigMap with the list of the files and what compares them; empty when there is none of the model's own."""

    def __init__(self, name: str, args: ModelWeightsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make volume and Job; raise RunError without files or a commit, or a claim for files that no Hub has."""
        super().__init__(TOKEN, name, _inputs(args), opts)
        _check(name, args)
        self._name, self._args = object_name(name), args
        self.store = args.get("store", VOLUME)
        self._commit = args.get("commit", "") if "repository" in args else ""
        self._labels = labels(name, PREFETCH, self._commit)
        self.single_node = self.store == VOLUME and self._access_mode() == ONE_NODE and "claim_name" not in args
        found = manifest(name, args) if args.get("files") or "repository" in args else None
        self.seconds = found.seconds if found else 0
        self.resources = self._resources(found)
        claim, config, job = self.resources.claim, self.resources.config_map, self.resources.job
        self.claim_name = claim.metadata.name if claim else pulumi.Output.from_input(args.get("claim_name", ""))
        self.manifest_name = config.metadata.name if config else pulumi.Output.from_input("")
        folder = self.folder = found.folder if found else args.get("path", "").strip("/")
        marked = found.digest if found and self.store != IMAGE and "repository" in args else ""
        # Through the Job's name whoever mounts the folder waits for the Job; an id would be unknown in a preview.
        self.model_path = job.metadata.name.apply(lambda _: folder) if job else pulumi.Output.from_input(folder)
        self.manifest_digest = pulumi.Output.from_input(marked)
        self.register_outputs(
            {
                "claimName": self.claim_name,
                "modelPath": self.model_path,
                "manifestDigest": self.manifest_digest,
                "manifestName": self.manifest_name,
            }
        )

    def _resources(self, found: Manifest | None) -> WeightsResources:
        if found is None or self.store == NODE:
            return WeightsResources()
        claim = self._claim(found) if self.store == VOLUME and "claim_name" not in self._args else None
        account = self._service_account()
        config = self._config_map(found)
        policy = self._network_policy()
        return WeightsResources(
            claim=claim,
            service_account=account,
            config_map=config,
            network_policy=policy,
            job=self._job(found, claim, account, config, policy),
        )

    def _access_mode(self) -> str:
        default = MANY_NODES if self._args.get("replicas", 1) > 1 else ONE_NODE
        return self._args.get("access_mode", default)

    def _shape(self, found: Manifest) -> pulumi.Output[str]:
        """Return what changes with the claim's content, which the API keeps: a claim of one name could not be replaced.

        It would have to go first, and it stays as long as a server mounts it. A volume for one node is of one pool too:
        on the nodes of another the Job could not mount what a server still holds.
        """
        plain = (self._access_mode(), self._args.get("storage_class", ""), quantity(found.volume))
        place = self._args.get("node_selector", {}) if self.single_node else {}
        return pulumi.Output.from_input(place).apply(lambda labels: digest(*plain, json.dumps(labels, sort_keys=True)))

    def _named(self, found: Manifest, *parts: str) -> kubernetes.meta.v1.ObjectMetaArgsDict:
        """Return the metadata of what belongs to the claim."""
        name = self._shape(found).apply(lambda shape: object_name(self._name, *parts, shape))
        return {**self._metadata(), "name": name}

    def _metadata(self, *parts: str) -> kubernetes.meta.v1.ObjectMetaArgsDict:
        return {
            "name": object_name(self._name, *parts),
            "namespace": self._args["namespace"],
            "labels": self._labels,
        }

    def _claim(self, found: Manifest) -> kubernetes.core.v1.PersistentVolumeClaim:
        metadata = self._named(found, "weights", found.version)
        # A class that binds at first use leaves the claim pending until the Job's pod is there.
        metadata["annotations"] = {"pulumi.com/skipAwait": "true"}
        spec: kubernetes.core.v1.PersistentVolumeClaimSpecArgsDict = {
            "access_modes": [self._access_mode()],
            "resources": {"requests": {"storage": quantity(found.volume)}},
            "volume_mode": "Filesystem",
        }
        if storage := self._args.get("storage_class"):
            spec["storage_class_name"] = storage
        return kubernetes.core.v1.PersistentVolumeClaim(
            f"{self._name}-weights",
            metadata=metadata,
            spec=spec,
            opts=pulumi.ResourceOptions(parent=self, custom_timeouts=pulumi.CustomTimeouts(delete=f"{RELEASE}s")),
        )

    def _service_account(self) -> kubernetes.core.v1.ServiceAccount:
        return kubernetes.core.v1.ServiceAccount(
            f"{self._name}-prefetch",
            metadata=self._metadata(PREFETCH),
            automount_service_account_token=False,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _config_map(self, found: Manifest) -> kubernetes.core.v1.ConfigMap:
        scripts = modules()
        image = self._args.get("weights_image", "")
        others = [found.text, self._args.get("image", ""), *([image, found.folder] if image else [])]
        self._checksum = digest(*scripts.values(), *others)
        return kubernetes.core.v1.ConfigMap(
            f"{self._name}-manifest",
            metadata=self._metadata("manifest", self._checksum),
            data={MANIFEST: found.text, **scripts},
            immutable=True,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _network_policy(self) -> kubernetes.networking.v1.NetworkPolicy:
        mine = selector(self._labels["app.kubernetes.io/instance"], PREFETCH)
        hub = self._args.get("endpoint", HUB)
        spec = network.fetching(mine, ports=network.ports_of([hub])) if fetches(self._args) else network.closed(mine)
        return kubernetes.networking.v1.NetworkPolicy(
            f"{self._name}-prefetch",
            metadata=self._metadata(PREFETCH),
            spec=spec,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _job(
        self,
        found: Manifest,
        claim: kubernetes.core.v1.PersistentVolumeClaim | None,
        account: kubernetes.core.v1.ServiceAccount,
        config: kubernetes.core.v1.ConfigMap,
        policy: kubernetes.networking.v1.NetworkPolicy,
    ) -> kubernetes.batch.v1.Job:
        image = self._args.get("weights_image")
        held = claimed(claim.metadata.name if claim else self._args.get("claim_name", ""))
        names = JobNames(
            models=imaged(image) if image else held,
            config_map=config.metadata.name,
            service_account=account.metadata.name,
        )
        patience = f"{found.seconds + 600}s"
        parts = (PREFETCH, self._commit[:COMMIT_DIGITS], self._checksum)
        return kubernetes.batch.v1.Job(
            f"{self._name}-prefetch",
            metadata=self._named(found, *parts) if claim else self._metadata(*parts),
            spec=job_spec(self._args, names, found, self._labels, on_pool=self.single_node or self.store == IMAGE),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[policy],
                custom_timeouts=pulumi.CustomTimeouts(create=patience, update=patience),
            ),
        )


def _inputs(args: ModelWeightsArgs) -> Mapping[str, Any]:
    """Return what the plan shows: of the files their number and size, since a model may have hundreds."""
    files = args.get("files", [])
    shown: dict[str, Any] = {key: value for key, value in args.items() if key != "files"}
    return {**shown, "file_count": len(files), "bytes": sum(each["size"] for each in files)}


def _check(name: str, args: ModelWeightsArgs) -> None:
    store = args.get("store", VOLUME)
    if store not in STORES:
        raise pulumi.RunError(f"model `{name}`: `{store}` is no store of weights; choose {', '.join(STORES)}")
    if (store == IMAGE) != ("weights_image" in args):
        raise pulumi.RunError(f"model `{name}`: `weights.image` and the store `image` belong together; set both")
    if store == NODE and not ("claim_name" in args and "repository" in args):
        raise pulumi.RunError(
            f"model `{name}`: nodes keep the files of a Hub's repository under the pool's `cachePath`; set it"
        )
    if "repository" not in args and "claim_name" not in args and "weights_image" not in args:
        raise pulumi.RunError(
            f"model `{name}`: no Hub has these files; set `weights.claim` to the PersistentVolumeClaim that holds them"
        )
    if args.get("files") and not args.get("image"):
        raise pulumi.RunError(f"model `{name}`: the Job for its weights needs an image")
