"""Where GPU nodes come from: the platforms, their clouds, and how Kubernetes hands out the GPUs."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from stacks import form
from stacks.base import Base


class Platform(StrEnum):
    """Who makes the GPU nodes."""

    EXISTING = "existing"
    KARPENTER = "karpenter"
    KAPSULE = "kapsule"
    GKE = "gke"
    EKS = "eks"
    AKS = "aks"
    CLUSTER_API = "cluster-api"


class Cloud(StrEnum):
    """Whose instance types Karpenter takes."""

    AWS = "aws"
    AZURE = "azure"
    GCP = "gcp"


class Allocation(StrEnum):
    """How pods ask for GPUs: by the device plugin's resource, or by claims (dynamic resource allocation)."""

    DEVICE_PLUGIN = "device-plugin"
    DRA = "dra"


class Template(Base):
    """A template of Cluster API, by its kind and name in the Cluster's namespace."""

    api_group: form.ObjectName
    """Its API group, like `infrastructure.cluster.x-k8s.io`."""
    kind: form.Kind
    """Its kind, like `AWSMachineTemplate`."""
    name: form.ObjectName
    """Its name."""


class Machines(Base):
    """What Cluster API makes a node from."""

    infrastructure: Template
    """The infrastructure template: instance type, image and disk of a node."""
    bootstrap: Template
    """The bootstrap template: how a node joins; it has to register the taint `nvidia.com/gpu=present:NoSchedule`."""


MemoryGib = Annotated[int, Field(ge=1, le=65_536)]
INSTANCES = {Platform.KAPSULE: "scaleway", Platform.GKE: "gcp", Platform.EKS: "aws", Platform.AKS: "azure"}


def provider(platform: str, cloud: str | None) -> str:
    """Return whose instance types the nodes are, in the catalogue's words; empty where any node will do."""
    if platform == Platform.KARPENTER:
        return cloud or Cloud.AWS.value
    return INSTANCES.get(Platform(platform), "")
