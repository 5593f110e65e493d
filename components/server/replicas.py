"""How many servers there are, and how one set of them replaces another."""

from typing import Any

from components.server.args import VllmInferenceServiceArgs


def most(args: VllmInferenceServiceArgs) -> int:
    """Return how many servers there may be at once."""
    return args.get("max_replicas", args.get("replicas", 1))


def scaled(args: VllmInferenceServiceArgs) -> bool:
    """Return whether an autoscaler sets their number, so that it is stated nowhere else."""
    return "max_replicas" in args


def fixed(args: VllmInferenceServiceArgs) -> dict[str, Any]:
    """Return the part of a workload's spec that states their number; nothing where an autoscaler does."""
    return {} if scaled(args) else {"replicas": args.get("replicas", 1)}


def surge(args: VllmInferenceServiceArgs) -> int:
    """Return how many servers a rollout starts before it stops one: 1 with a spare GPU and a volume for both."""
    return 1 if args.get("spare_gpus", False) and not args.get("single_node_volume", False) else 0
