"""How a replica that spans nodes reaches the components."""

from typing import Any

from deployment.reporting import stated
from stacks.model import Model


def nodes(model: Model) -> dict[str, Any]:
    """Return the arguments of the servers that say so; nothing for a replica on one node."""
    if model.nodes_per_replica == 1:
        return {}
    wished = model.interconnect
    interconnect = stated(
        {"topology_key": wished.topology_key, "interface": wished.interface, "resources": wished.resources}
    )
    return {"nodes_per_replica": model.nodes_per_replica, "interconnect": interconnect}
