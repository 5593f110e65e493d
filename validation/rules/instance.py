"""What the platform of the stack has: whether its nodes can be had with these GPUs, and in this shape."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from validation import fit
from validation.finding import Severity
from validation.rules.fit import NO_HARDWARE
from validation.rules.rule import Answer, Rule, Subject, skipped
from validation.wish import Hardware

if TYPE_CHECKING:
    from validation.fit.parallel import Obstacle

ANY_NODE = "the nodes are of no provider that the catalogue knows"
CHOSEN = "the stack names the instance type"


def gpu_offered(subject: Subject) -> Iterator[Answer]:
    """Require a provider that rents the GPU.

    Why: a pool of a GPU that the provider has not gets no node, and its pods wait for ever.
    Example: `gpu: L40S` on Azure, or `gpu: T4` on Kapsule.
    Fix: choose a GPU of the provider; or set instanceType, where the provider has a type that the catalogue lacks.
    Source: validation/fit/catalogue/instances.csv, whose sources are in SOURCES.csv.
    """
    hardware, reason = _offer(subject)
    if hardware is None:
        yield skipped(reason)
        return
    yield from _answers(subject, fit.offer.gpu_problem(hardware.gpu, hardware.provider), "gpu")


def count_offered(subject: Subject) -> Iterator[Answer]:
    """Require an instance type with as many GPUs as a node is said to have.

    Why: providers sell GPUs in fixed numbers a machine; a pool of any other number gets no node.
    Example: `gpusPerNode: 2` of an L4 on AWS, whose types have 1, 4 or 8.
    Fix: set gpusPerNode to a number that the help names; or set instanceType, where the catalogue lacks a type.
    Source: validation/fit/catalogue/instances.csv, whose sources are in SOURCES.csv.
    """
    hardware, reason = _offer(subject)
    if hardware is None:
        yield skipped(reason)
        return
    problem = fit.offer.count_problem(hardware.gpu, hardware.gpus_per_node or 1, hardware.provider)
    yield from _answers(subject, problem, "gpusPerNode")


def type_agrees(subject: Subject) -> Iterator[Answer]:
    """Require an instance type that has the GPUs of its pool.

    Why: the memory plan is made for the GPU that the pool names; a machine with another one, or fewer, runs out of
    memory, and a type of another provider cannot be had at all.
    Example: `gpu: L40S` with `instanceType: g6.xlarge`, whose GPU is an L4.
    Fix: make gpu, gpusPerNode and instanceType agree; the help names both ways.
    Source: validation/fit/catalogue/instances.csv, whose sources are in SOURCES.csv.
    """
    hardware = subject.wish.hardware
    if hardware is None or not hardware.instance_type:
        yield skipped(NO_HARDWARE if hardware is None else "the stack names no instance type")
        return
    gpus = hardware.gpus_per_node or 1
    problem = fit.offer.type_problem(hardware.gpu, gpus, hardware.provider, hardware.instance_type)
    yield from _answers(subject, problem, "instanceType")


def vendor_served(subject: Subject) -> Iterator[Answer]:
    """Require a GPU that the servers can ask for.

    Why: the pods ask for `nvidia.com/gpu` and run vLLM's image for CUDA; neither exists for GPUs of another vendor.
    Example: `gpu: MI300X`.
    Fix: choose a GPU of NVIDIA.
    Source: the vendors of validation/fit/catalogue/gpus.csv; vLLM's installation guide, which has an image a vendor.
    """
    hardware = subject.wish.hardware
    if hardware is None:
        yield skipped(NO_HARDWARE)
        return
    gpu = fit.catalogue.find_gpu(hardware.gpu)
    if hardware.gpus_per_node is not None and gpu.vendor != fit.offer.SERVED:
        message = f"{gpu.name} is a GPU of {gpu.vendor.upper()}, and the servers run on CUDA"
        yield from _answers(subject, fit.parallel.Obstacle(message=message, help="choose a GPU of NVIDIA"), "gpu")


def _offer(subject: Subject) -> tuple[Hardware | None, str]:
    """Return the hardware where the catalogue decides what it can be, else why it does not."""
    hardware = subject.wish.hardware
    if hardware is None:
        return None, NO_HARDWARE
    if not hardware.provider:
        return None, ANY_NODE
    return (None, CHOSEN) if hardware.instance_type else (hardware, "")


def _answers(subject: Subject, problem: "Obstacle | None", key: str) -> Iterator[Answer]:
    """Yield the problem at the pool's own key, else at the model's pool."""
    if problem is not None:
        where = subject.wish.places.get(f"pool.{key}") or subject.wish.places.get("pool.gpu")
        yield Answer(message=problem.message, help=problem.help, where=where or subject.wish.where("pool"))


_GPU = ("unknown-gpu",)
RULES: tuple[Rule, ...] = (
    Rule(name="gpu-not-on-platform", severity=Severity.ERROR, check=gpu_offered, requires=_GPU),
    Rule(
        name="gpu-count-not-on-platform",
        severity=Severity.ERROR,
        check=count_offered,
        requires=(*_GPU, "gpu-not-on-platform"),
    ),
    Rule(name="instance-type-has-other-gpus", severity=Severity.ERROR, check=type_agrees, requires=_GPU),
    Rule(name="gpu-vendor-not-served", severity=Severity.ERROR, check=vendor_served, requires=_GPU),
)
