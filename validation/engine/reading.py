"""Which configuration vLLM reads in a repository, in which format, and as which class."""

from validation.data import Data
from validation.engine.config import ResolvedConfig, resolve_object
from validation.engine.mistral import adapted
from validation.engine.remote_code import Access, config_access
from validation.engine.table import EngineTable
from validation.facts import RepositoryFacts


class Reading(Data):
    """The configuration as the engine holds it, how its class is found, and the format: hf or mistral."""

    config: ResolvedConfig
    access: Access
    format: str = "hf"


def read_config(facts: RepositoryFacts, table: EngineTable) -> Reading | None:
    """Return what vLLM reads: params.json beside consolidated weights, else config.json; None when there is neither."""
    params = facts.document("params.json")
    if params and any(_consolidated(file.path) for file in facts.files):
        config = resolve_object(adapted(params, facts.config), table, defaults=False)
        return Reading(config=config, access=Access(readable=True), format="mistral")
    if not facts.config:
        return None
    access = config_access(facts.config, table)
    stated = {**facts.config, "model_type": access.model_type} if access.model_type else facts.config
    return Reading(config=resolve_object(stated, table), access=access)


def _consolidated(path: str) -> bool:
    return path.startswith("consolidated") and path.endswith(".safetensors")
