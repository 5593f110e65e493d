"""How vLLM gets from the names under ``architectures`` to a class, a runner and a conversion."""

from validation.data import Data
from validation.engine.config import ResolvedConfig
from validation.engine.table import Architecture, EngineTable, Status

REWRITES = (
    ("DeepseekV4ForCausalLM", "vision_n_layers", "DeepseekV4ForConditionalGeneration"),
    ("MiMoV2FlashForCausalLM", "vision_config", "MiMoV2OmniForCausalLM"),
    ("MiMoV2ForCausalLM", "vision_config", "MiMoV2OmniForCausalLM"),
)  # name, key that is set, name that vLLM takes instead
SHARED_LAYERS = frozenset({"idefics"})  # self and cross attention under one layer number, which the backend refuses
EXPERT_KEYS = ("num_experts", "moe_num_experts", "n_routed_experts", "num_local_experts")


class Choice(Data):
    """The registry entry vLLM takes, and the name it reports for it."""

    entry: Architecture
    name: str

    @property
    def generates(self) -> bool:
        """Return whether the class writes text."""
        return "generates" in self.entry.flags

    @property
    def pools(self) -> bool:
        """Return whether the class gives embeddings, scores or classes by itself."""
        return "pooling" in self.entry.flags

    @property
    def backend(self) -> bool:
        """Return whether it is a class of the Transformers backend."""
        return self.entry.implementation.startswith("transformers:")


class Resolution(Data):
    """What vLLM serves the names as; ``choice`` is None when it refuses them."""

    choice: Choice | None = None
    runner: str = ""
    convert: str = "none"
    problem: str = ""  # why a class that was found is refused


def resolve(names: tuple[str, ...], config: ResolvedConfig, table: EngineTable, *, pooling: bool) -> Resolution:
    """Return class, runner and conversion of ``--runner auto``; ``pooling`` is set by sentence-transformers modules."""
    names = rewritten(names, config)
    first = _inspect(names, config, table, "", "none") or _inspect(names, config, table, "", "")
    if first is None:
        return Resolution()
    runner = "pooling" if pooling else _runner(names, first, table)
    convert = _convert(names, first, table, runner)
    choice = _inspect(names, config, table, runner, convert)
    if choice is None:
        return Resolution(runner=runner, convert=convert)
    if runner == "generate" and not first.generates:
        problem = f"`{choice.name}` does not write text, and its name says that it does"
        return Resolution(choice=choice, runner=runner, convert=convert, problem=problem)
    return Resolution(choice=choice, runner=runner, convert=convert)


def rewritten(names: tuple[str, ...], config: ResolvedConfig) -> tuple[str, ...]:
    """Return the names after vLLM's own corrections for configurations that hold more than their name says."""
    for name, key, instead in REWRITES:
        if names[:1] == (name,) and (config.whole.section(key) or (config.whole.integer(key) or 0) > 0):
            return (instead,)
    return names


def supported(name: str, table: EngineTable) -> Architecture | None:
    """Return the registry entry of a name that this version loads."""
    entry = table.architectures.get(name)
    return entry if entry is not None and entry.status is Status.SUPPORTED else None


def suffix_of(name: str, table: EngineTable, runner: str = "", convert: str = "") -> tuple[str, str, str] | None:
    """Return the first suffix that a name ends with, with the runner and conversion it stands for."""
    for suffix, its_runner, its_convert in table.suffixes:
        if name.endswith(suffix) and runner in {"", its_runner} and convert in {"", its_convert}:
            return suffix, its_runner, its_convert
    return None


def _inspect(
    names: tuple[str, ...], config: ResolvedConfig, table: EngineTable, runner: str, convert: str
) -> Choice | None:
    foreign = all(supported(name, table) is None for name in names)
    fallback = _fallback(names[0], config, table) if foreign else None
    if convert in {"", "none"} and fallback is not None:
        return fallback
    for name in names:
        entry = supported(_normalised(name, table, runner, convert), table)
        if entry is not None:
            return Choice(entry=entry, name=name)
    return fallback


def _normalised(name: str, table: EngineTable, runner: str, convert: str) -> str:
    """Return a name of the registry with the same stem: ``XForCausalLM`` serves ``XForSequenceClassification``."""
    matched = suffix_of(name, table, runner, convert)
    if supported(name, table) is not None or matched is None:
        return name
    others = (name.replace(matched[0], suffix) for suffix, _, _ in table.suffixes)
    return next((other for other in others if supported(other, table) is not None), name)


def _fallback(name: str, config: ResolvedConfig, table: EngineTable) -> Choice | None:
    """Return the Transformers backend's class for a class of transformers whose attention can be replaced."""
    backend = table.backend
    replaceable = name not in backend.incompatible and ("can_set" in backend.checks or name not in backend.unmarked)
    if name not in table.transformers_classes or not replaceable:
        return None
    kind = "MultiModal" if config.text is not config.whole else ""
    kind += "MoE" if any((config.text.integer(key) or 0) > 0 for key in EXPERT_KEYS) else ""
    matched = suffix_of(name, table)
    tail = {"embed": "EmbeddingModel", "classify": "ForSequenceClassification"}.get(
        matched[2] if matched else "", "ForCausalLM"
    )
    entry = supported(f"Transformers{kind}{tail}", table)
    return Choice(entry=entry, name=entry.name) if entry is not None else None


def _runner(names: tuple[str, ...], choice: Choice, table: EngineTable) -> str:
    for name in names:
        if supported(name, table) is not None:
            if choice.pools:
                return "pooling"
            if choice.generates:
                return "generate"
        if matched := suffix_of(name, table):
            return matched[1]
    return "generate"


def _convert(names: tuple[str, ...], choice: Choice, table: EngineTable, runner: str) -> str:
    for name in names:
        ready = choice.generates if runner == "generate" else choice.pools
        if supported(name, table) is not None and ready:
            return "none"
        if matched := suffix_of(name, table, runner):
            return matched[2]
    return "embed" if runner == "pooling" else "none"


def obstacle(config: ResolvedConfig, table: EngineTable) -> str:
    """Return why the Transformers backend cannot build the base model of this configuration; empty when it can."""
    kind = config.whole.model_type
    found = table.backend.obstacles.get(kind, "")
    if kind not in table.base_classes:
        return f"transformers has no base model for `{kind[:60]}`"
    if kind in SHARED_LAYERS and "dispatch" in table.backend.checks:
        return f"a layer of `{table.base_classes[kind]}` attends from more than one module"
    if found == "@text_config":
        inner = config.text.model_type
        return table.backend.obstacles.get(inner, "") if inner != kind else ""
    return found
