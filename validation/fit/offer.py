"""Whether a provider has nodes like those of a pool, by the catalogue of instance types."""

from collections.abc import Iterable

from validation.fit.catalogue import Instance, find_gpu, find_instances, load_instances
from validation.fit.parallel import Obstacle

SERVED = "nvidia"  # the vendor whose GPUs the servers can ask for
_MORE = "or set instanceType to one that has it"


def gpu_problem(gpu: str, provider: str) -> Obstacle | None:
    """Return why no instance type of the provider has the GPU, or None."""
    name = find_gpu(gpu).name
    if find_instances(name, provider=provider):
        return None
    offered = {each.gpu for each in load_instances() if each.provider == provider}
    there = one_of(sorted(gpu for gpu in offered if find_gpu(gpu).vendor == SERVED))
    return Obstacle(
        message=f"no instance type of {provider} that is known has {name}", help=f"choose gpu {there}, {_MORE}"
    )


def count_problem(gpu: str, gpus: int, provider: str) -> Obstacle | None:
    """Return why no instance type of the provider has exactly so many of the GPU, or None."""
    name = find_gpu(gpu).name
    if find_instances(name, gpus, provider):
        return None
    there = one_of(str(count) for count in sorted({each.gpus for each in find_instances(name, provider=provider)}))
    return Obstacle(
        message=f"no instance type of {provider} that is known has {gpus} x {name}; there are {there}",
        help=f"set gpusPerNode to {there}, {_MORE}",
    )


def type_problem(gpu: str, gpus: int, provider: str, instance_type: str) -> Obstacle | None:
    """Return why the stated instance type is not a node of the pool, or None; also for a type that is not known."""
    name = find_gpu(gpu).name
    types = [instance for instance in load_instances() if instance.type == instance_type]
    if not types:
        return _mistyped(name, gpus, provider, instance_type)
    found = types[0]
    if provider and found.provider != provider:
        return Obstacle(
            message=f"instance type {instance_type} is one of {found.provider}, not of {provider}",
            help=f"set instanceType to {_offered(name, gpus, provider)}",
        )
    if (found.gpu, found.gpus) == (name, gpus):
        return None
    return Obstacle(
        message=f"instance type {instance_type} has {found.gpus} x {found.gpu}, the pool says {gpus} x {name}",
        help=f"set gpu to {found.gpu} and gpusPerNode to {found.gpus}, or instanceType to "
        f"{_offered(name, gpus, provider)}",
    )


def known_type(instance_type: str) -> Instance | None:
    """Return the instance type of this name; None where the catalogue has none."""
    return next((instance for instance in load_instances() if instance.type == instance_type), None)


def one_of(words: Iterable[str]) -> str:
    """Return words to choose from, as a sentence lists them: ``1, 4 or 8``."""
    *rest, last = words
    return f"{', '.join(rest)} or {last}" if rest else last


def _mistyped(gpu: str, gpus: int, provider: str, instance_type: str) -> Obstacle | None:
    """Return that a type differs from a known one by the case of its letters alone, which no provider forgives."""
    same = {instance.type.lower(): instance for instance in load_instances()}.get(instance_type.lower())
    if same is None:
        return None
    return type_problem(gpu, gpus, provider, same.type) or Obstacle(
        message=f"instance type {instance_type} is written in other letters", help=f"set instanceType to {same.type}"
    )


def _offered(gpu: str, gpus: int, provider: str) -> str:
    found = find_instances(gpu, gpus, provider) or find_instances(gpu, provider=provider)
    return found[0].type if found else "a type with that GPU"
