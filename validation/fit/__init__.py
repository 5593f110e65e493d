"""GPU memory: weights, KV cache, overhead, parallelism, and the catalogue of GPUs and instances.

Rules name its modules through this package (``fit.memory``), which imports each when it is first asked for: a check
without GPUs needs none of them.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from validation.fit import catalogue, choice, layertype, memory, module, offer, parallel, pipeline, shape

__all__ = ("catalogue", "choice", "layertype", "memory", "module", "offer", "parallel", "pipeline", "shape")


def __getattr__(name: str) -> ModuleType:
    """Import a module of this package."""
    if name not in __all__:
        raise AttributeError(f"the package has no module `{name}`")
    return import_module(f"{__name__}.{name}")
