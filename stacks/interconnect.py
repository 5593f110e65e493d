"""How the nodes of one replica are placed, and over what they talk to each other."""

from typing import Annotated

from pydantic import Field

from stacks import form
from stacks.base import Base, Count


class Interconnect(Base):
    """What the nodes of one replica share; only for `nodesPerReplica` above 1."""

    topology_key: form.LabelKey | None = None
    """A label of the nodes, like that of a rack or a zone: all nodes of a replica have the same value, and no other
    replica of the namespace is put there. Left out: the same zone where there is room."""
    interface: form.Identifier | None = None
    """The network interface that NCCL and Gloo take; left out: they take the pod's own."""
    resources: Annotated[dict[form.LabelKey, Count], Field(max_length=8)] = Field(default_factory=dict)
    """Devices of a fast network that each pod asks for, like `rdma/hca: 1`."""
