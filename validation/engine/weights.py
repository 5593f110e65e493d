"""The weight files that vLLM would load, out of all that a repository holds."""

from fnmatch import fnmatch

from validation.data import Data
from validation.facts import RepositoryFacts

INDEX = "model.safetensors.index.json"
CONSOLIDATED_INDEX = "consolidated.safetensors.index.json"


class WeightSet(Data):
    """Paths in order, their bytes together (None when a size is not known), and what an index names in vain."""

    files: tuple[str, ...] = ()
    size: int | None = None
    missing: tuple[str, ...] = ()


def weight_set(facts: RepositoryFacts) -> WeightSet:
    """Return consolidated*.safetensors when there are any, else what the index names, else all safetensors files."""
    found = sorted(file.path for file in facts.files if fnmatch(file.path, "*.safetensors") and "/" not in file.path)
    consolidated = [path for path in found if path.startswith("consolidated")]
    named = _named(facts, CONSOLIDATED_INDEX if consolidated else INDEX)
    held = consolidated or found
    files = tuple(path for path in held if path in named) or tuple(held)
    sizes = [file.size for file in facts.files if file.path in files]
    known = [size for size in sizes if size is not None]
    return WeightSet(
        files=files,
        size=sum(known) if files and len(known) == len(sizes) else None,
        missing=tuple(sorted(name for name in named if not facts.has(name))) if facts.files else (),
    )


def _named(facts: RepositoryFacts, index: str) -> set[str]:
    mapping = facts.document(index).get("weight_map")
    return {name for name in mapping.values() if isinstance(name, str)} if isinstance(mapping, dict) else set()
