"""GpuNodePool: nodes with GPUs on any platform, and how pods get there."""

from collections.abc import Callable, Mapping

import pulumi

from components.pools import aks, cluster_api, eks, existing, gke, kapsule, karpenter
from components.pools.pool import GpuNodePoolArgs, Pool

TOKEN = "slipway:index:GpuNodePool"  # noqa: S105 - a type token of Pulumi, no secret
PLATFORMS: Mapping[str, Callable[[str, GpuNodePoolArgs, pulumi.Resource], Pool]] = {
    "existing": existing.make,
    "karpenter": karpenter.make,
    "kapsule": kapsule.make,
    "gke": gke.make,
    "eks": eks.make,
    "aks": aks.make,
    "cluster-api": cluster_api.make,
}


class GpuNodePool(pulumi.ComponentResource):
    """A pool of GPU nodes: the platform's own objects, and one way for pods to ask for them."""

    node_selector: pulumi.Output[dict[str, str]]
    """The labels of the pool's nodes."""
    tolerations: pulumi.Output[list[dict[str, str]]]
    """The tolerations that pods need there."""
    gpu_resource: pulumi.Output[str]
    """The resource name of one GPU (or MIG device)."""
    device_class: pulumi.Output[str]
    """The class of devices that pods claim instead; empty where they ask for the resource."""
    device_selectors: pulumi.Output[list[str]]
    """CEL expressions that pick the pool's devices of that class."""
    zones: pulumi.Output[list[str]]
    """The zones of the nodes; empty when they are not known."""

    def __init__(self, name: str, args: GpuNodePoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Make the pool on its platform; raise RunError for an unknown platform or what the platform cannot do."""
        super().__init__(TOKEN, name, {**args}, opts)
        platform = args["platform"]
        if platform not in PLATFORMS:
            raise pulumi.RunError(
                f"node pool `{name}`: platform `{platform}` is not known; choose {', '.join(sorted(PLATFORMS))}"
            )
        self.pool = PLATFORMS[platform](name, args, self)
        self.node_selector = pulumi.Output.from_input(dict(self.pool.node_selector))
        self.tolerations = pulumi.Output.from_input([dict(each) for each in self.pool.tolerations])
        self.gpu_resource = pulumi.Output.from_input(self.pool.gpu_resource)
        devices = self.pool.devices
        self.device_class = pulumi.Output.from_input(devices.device_class if devices else "")
        self.device_selectors = pulumi.Output.from_input(list(devices.selectors) if devices else [])
        self.zones = pulumi.Output.from_input(list(self.pool.zones))
        self.register_outputs(
            {
                "nodeSelector": self.node_selector,
                "tolerations": self.tolerations,
                "gpuResource": self.gpu_resource,
                "deviceClass": self.device_class,
                "deviceSelectors": self.device_selectors,
                "zones": self.zones,
            }
        )
