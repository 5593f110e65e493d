"""The options that say on which GPUs a model is to be served."""

import argparse
from collections.abc import Callable
from typing import Any

from validation.commands import UsageError
from validation.commands.argument import count, plain
from validation.wish import Hardware

MOST_NODES = 16


def add_options(add: Callable[..., Any], *, gpu_help: str) -> None:
    """Add ``--gpu``, ``--gpus`` and ``--nodes``."""
    add("--gpu", type=plain, metavar="NAME", help=gpu_help)
    add("--gpus", type=count, metavar="COUNT", help="GPUs of one replica on one node: tensor parallel size (1)")
    add("--nodes", type=_nodes, metavar="COUNT", help="nodes of one replica: pipeline parallel size (1)")


def hardware(args: argparse.Namespace) -> Hardware | None:
    """Return the wished GPUs by the catalogue's name, None for none; raise UsageError for what does not go together."""
    if args.gpu is None:
        for option in ("gpus", "nodes"):
            if getattr(args, option) is not None:
                raise UsageError(f"--{option} needs --gpu; type `--gpu NAME` too")
        return None
    from validation.fit.catalogue import UnknownGpu, find_gpu  # noqa: PLC0415 - reads tables, for this option only

    try:
        gpu = find_gpu(args.gpu)
    except UnknownGpu as error:
        raise UsageError(str(error)) from None
    gpus, nodes = args.gpus or 1, args.nodes or 1
    if gpu.mig_profile and nodes > 1:
        raise UsageError("--nodes: a part of a GPU cannot span nodes; type `--nodes 1`, or a whole GPU")
    return Hardware(gpu=gpu.name, mig_profile=gpu.mig_profile, gpus_per_replica=gpus, nodes_per_replica=nodes)


def _nodes(typed: str) -> int:
    value = count(typed)
    if value > MOST_NODES:
        raise argparse.ArgumentTypeError(f"takes a number up to {MOST_NODES}")
    return value
