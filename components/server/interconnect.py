"""How the nodes of one replica are placed, and over what they talk."""

from typing import NotRequired, TypedDict


class InterconnectArgs(TypedDict):
    """What the nodes of one replica share; only where it has several."""

    topology_key: NotRequired[str]
    """A node label: all nodes of a replica have the same value, and no other replica of the namespace is put there."""
    interface: NotRequired[str]
    """The network interface for NCCL and Gloo; left out: the pod's own, which they find."""
    resources: NotRequired[dict[str, int]]
    """Devices of a fast network that each pod asks for, like `rdma/hca: 1`."""
