"""Nodes that are there already, found by label: `node_selector`, else the product label of their GPU."""

import pulumi

from components.pools.pool import PRODUCT_LABEL, ZONE_LABEL, GpuNodePoolArgs, Pool, gpu_pool


def make(name: str, args: GpuNodePoolArgs, parent: pulumi.Resource) -> Pool:  # noqa: ARG001 - every platform takes it
    """Return the pool of labelled nodes; raise RunError when nothing says which label they have."""
    chosen = dict(args.get("node_selector", {}))
    if not chosen and (label := args.get("gpu_product_label")):
        chosen = {PRODUCT_LABEL: label}
    if not chosen:
        raise pulumi.RunError(
            f"node pool `{name}`: no label is known for gpu {args['gpu']}; set `nodeSelector` to its nodes' labels"
        )
    zones = args.get("zones", [])
    if len(zones) == 1:
        chosen[ZONE_LABEL] = zones[0]
    return gpu_pool(args, chosen)
