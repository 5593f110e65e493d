"""The Kubernetes objects among the recorded resources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dryrun.record import Resource
from dryrun.value import Value, bare

PROVIDER_TYPE: Final = "pulumi:providers:kubernetes"
CLUSTER_SCOPED: Final = frozenset({
    "APIService", "ClusterRole", "ClusterRoleBinding", "CSIDriver", "CustomResourceDefinition", "DeviceClass",
    "EC2NodeClass", "GatewayClass", "IngressClass", "MutatingWebhookConfiguration", "Namespace", "NodePool",
    "PersistentVolume", "PriorityClass", "RuntimeClass", "StorageClass", "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration", "VolumeAttributesClass",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesObject:
    """One object of the cluster, complete, and the resource that makes it."""

    urn: str
    resource: str
    body: Mapping[str, Value]

    @property
    def kind(self) -> str:
        """Return the kind, ``Deployment``."""
        return str(self.body["kind"])

    @property
    def api_version(self) -> str:
        """Return group and version, ``apps/v1``."""
        return str(self.body["apiVersion"])

    @property
    def name(self) -> str:
        """Return ``metadata.name``, empty where only the cluster will know it."""
        return _metadata_text(self.body, "name")

    @property
    def namespace(self) -> str:
        """Return ``metadata.namespace``, empty where none is stated."""
        return _metadata_text(self.body, "namespace")

    @property
    def title(self) -> str:
        """Return how people call the object: ``Deployment inference/granite``."""
        return f"{self.kind} {'/'.join(part for part in (self.namespace, self.name) if part)}"


def kubernetes_objects(resources: Sequence[Resource]) -> tuple[KubernetesObject, ...]:
    """Return the Kubernetes objects that the resources make, each in the namespace that its provider sets.

    Patches of foreign objects and Helm releases make no object that could be written down, so they are not there.
    """
    namespaces = {
        resource.urn: str(resource.inputs["namespace"])
        for resource in resources
        if resource.type == PROVIDER_TYPE and isinstance(resource.inputs.get("namespace"), str)
    }
    return tuple(_object(resource, namespaces) for resource in resources if _makes_object(resource))


def _makes_object(resource: Resource) -> bool:
    kind = resource.inputs.get("kind")
    return (
        resource.custom
        and resource.type.startswith("kubernetes:")
        and isinstance(resource.inputs.get("apiVersion"), str)
        and isinstance(kind, str)
        and resource.type.rsplit(":", 1)[-1] == kind
    )


def _object(resource: Resource, namespaces: Mapping[str, str]) -> KubernetesObject:
    body = dict(resource.inputs)
    namespace = namespaces.get(resource.provider.rpartition("::")[0])
    metadata = body.get("metadata")
    if namespace and body["kind"] not in CLUSTER_SCOPED and isinstance(metadata, Mapping):
        body["metadata"] = {"namespace": namespace, **metadata}
    return KubernetesObject(urn=resource.urn, resource=resource.name, body=body)


def _metadata_text(body: Mapping[str, Value], key: str) -> str:
    metadata = bare(body.get("metadata"))
    value = metadata.get(key) if isinstance(metadata, Mapping) else None
    return value if isinstance(value, str) else ""
