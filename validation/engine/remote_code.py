"""Whether the engine can read a configuration without running the repository's own code."""

from validation.data import Data
from validation.engine.config import Config
from validation.engine.prediction import Support
from validation.engine.table import EngineTable
from validation.jsontext import JsonObject

BY_NAME = {"LongcatFlashForCausalLM": "longcat_flash", "LongcatFlashNgramForCausalLM": "longcat_flash"}  # vLLM's own


class Access(Data):
    """Whether the configuration's class is known (``readable``), and whether remote code is what it takes."""

    readable: bool
    remote_code: Support = Support.NO
    model_type: str = ""
    problem: str = ""


def config_access(stated: JsonObject, table: EngineTable) -> Access:
    """Return how vLLM finds the configuration's class: its own list, transformers' list, then ``auto_map``."""
    view = Config(value=stated)
    model_type = _model_type(view, table)
    if model_type in table.model_types:
        return Access(readable=True, model_type=model_type)
    if view.section("auto_map").text("AutoConfig"):
        return Access(readable=False, remote_code=Support.YES, model_type=model_type)
    if not model_type:
        return Access(readable=False, problem="`config.json` has no `model_type`")
    problem = f"neither vLLM {table.version} nor transformers {table.transformers_version} knows `model_type` "
    return Access(readable=False, model_type=model_type, problem=f"{problem}`{model_type[:60]}`")


def _model_type(view: Config, table: EngineTable) -> str:
    if not view.model_type and view.has("speculators_config"):
        return "speculators"
    if not view.model_type and "longcat_by_name" in table.quirks:
        return next((BY_NAME[name] for name in view.names("architectures")[:1] if name in BY_NAME), "")
    return view.model_type
