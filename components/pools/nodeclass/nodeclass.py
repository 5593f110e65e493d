"""What a cloud tells Karpenter's NodePool."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeClass:
    """A class of nodes by its reference, the object where Slipway makes it, and what names the GPU."""

    group: str
    kind: str
    name: str
    resource: pulumi.Resource | None = None
    gpu: Mapping[str, Sequence[str]] = field(default_factory=dict)  # requirements, where no instance types are known

    @property
    def reference(self) -> dict[str, str]:
        """Return what a NodePool refers to it by."""
        return {"group": self.group, "kind": self.kind, "name": self.name}
