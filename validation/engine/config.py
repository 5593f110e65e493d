"""A model's configuration, read by type, with the defaults that transformers' class of its ``model_type`` fills in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from validation.engine.table import ConfigClass, EngineTable
from validation.facts import RepositoryFacts
from validation.jsontext import JsonObject, JsonValue

TEXT_SECTIONS = ("text_encoder", "decoder", "generator", "text_config")
MAX_SECTIONS = 8  # transformers nests three deep at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One object of a stranger's JSON: a value of another type than asked for counts as absent.

    ``stated`` is what the file says, ``value`` the same with the defaults of ``model_type``'s class. ``aliases`` are
    the class's other names of keys (GPT-2 calls ``num_hidden_layers`` ``n_layer``); every method follows them.
    """

    value: JsonObject
    stated: JsonObject = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    sections: Mapping[str, "Config"] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Return whether the object holds anything."""
        return bool(self.value)

    def raw(self, key: str) -> JsonValue:
        """Return the value as it stands, None when absent."""
        return self.value.get(self.aliases.get(key, key))

    def has(self, key: str) -> bool:
        """Return whether the key is there and not null."""
        return self.raw(key) is not None

    def states(self, key: str) -> bool:
        """Return whether the file itself holds the key, under its own or another name."""
        target = self.aliases.get(key, key)
        return any(name == target or self.aliases.get(name) == target for name in self.stated)

    def integer(self, key: str) -> int | None:
        """Return a whole number, also one written as 4096.0; None for anything else."""
        value = self.raw(key)
        if isinstance(value, float) and value.is_integer():
            return int(value)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def number(self, key: str) -> float | int | None:
        """Return a number; None for anything else, booleans included."""
        value = self.raw(key)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None

    def text(self, key: str) -> str:
        """Return a string; empty for anything else."""
        value = self.raw(key)
        return value if isinstance(value, str) else ""

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return a boolean; the default for anything else."""
        value = self.raw(key)
        return value if isinstance(value, bool) else default

    def items(self, key: str) -> tuple[JsonValue, ...]:
        """Return the members of an array; empty for anything else."""
        value = self.raw(key)
        return tuple(value) if isinstance(value, list) else ()

    def names(self, key: str) -> tuple[str, ...]:
        """Return the strings of an array, in order; empty for anything else."""
        return tuple(item for item in self.items(key) if isinstance(item, str))

    def integers(self, key: str) -> tuple[int, ...]:
        """Return the whole numbers of an array, in order; empty for anything else."""
        return tuple(item for item in self.items(key) if isinstance(item, int) and not isinstance(item, bool))

    def section(self, key: str) -> "Config":
        """Return a nested object; an empty one for anything else."""
        key = self.aliases.get(key, key)
        if key in self.sections:
            return self.sections[key]
        value = self.value.get(key)
        return Config(value=value, stated=value) if isinstance(value, dict) else EMPTY

    def objects(self, key: str) -> Iterator["Config"]:
        """Yield the objects of an array."""
        yield from (Config(value=item, stated=item) for item in self.items(key) if isinstance(item, dict))

    @property
    def model_type(self) -> str:
        """Return the model type, empty when there is none."""
        return self.text("model_type")

    def first_integer(self, *keys: str) -> int | None:
        """Return the whole number of the first key that has one."""
        return next((number for number in map(self.integer, keys) if number is not None), None)


EMPTY = Config(value={})


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedConfig:
    """config.json as transformers would hold it: the whole, and the part that describes the language model."""

    whole: Config
    text: Config


def resolved_config(facts: RepositoryFacts, table: EngineTable) -> ResolvedConfig:
    """Return the repository's configuration with the defaults of the engine's transformers version."""
    return resolve_object(facts.config, table)


def resolve_object(stated: JsonObject, table: EngineTable) -> ResolvedConfig:
    """Return a configuration object with the defaults of the engine's transformers version."""
    whole = with_defaults(stated, table, _model_type(stated))
    return ResolvedConfig(whole=whole, text=text_config(whole))


def text_config(whole: Config) -> Config:
    """Return the language model's part, where vLLM looks for lengths, heads and layers.

    vLLM's own `get_hf_text_config`: the thinker of an omni model first, then transformers' `get_text_config`.
    """
    inner = whole.section("thinker_config")
    for key in TEXT_SECTIONS:
        found = (inner or whole).section(key)
        if found:
            return found
    return inner.section("text_config") or whole


def with_defaults(stated: JsonObject, table: EngineTable, model_type: str, depth: int = 0) -> Config:
    """Return an object with its class's defaults and names; nested configurations get theirs."""
    known = table.config_classes.get(model_type, ConfigClass())
    value: JsonObject = {**known.defaults}
    value.update({key: item for key, item in stated.items() if key not in known.aliases})
    value.update({known.aliases[key]: item for key, item in stated.items() if key in known.aliases})
    value = _without_unused_window(value, known.defaults)
    if depth >= MAX_SECTIONS:
        return Config(value=value, stated=stated, aliases=known.aliases)
    sections = dict(_sections(value, known, table, depth))
    return Config(value=value, stated=stated, aliases=known.aliases, sections=sections)


def _sections(value: JsonObject, known: ConfigClass, table: EngineTable, depth: int) -> Iterator[tuple[str, Config]]:
    for key in {*known.sections, *(key for key in value if key.endswith(("_config", "decoder", "generator")))}:
        item = value.get(key)
        default = known.sections.get(key, "")
        if not isinstance(item, dict):
            if item is not None or not default:
                continue
            item = {}
        inner = _model_type(item)
        yield key, with_defaults(item, table, inner if inner in table.config_classes else default or inner, depth + 1)


def _model_type(value: JsonObject) -> str:
    name = value.get("model_type")
    return name if isinstance(name, str) else ""


def _without_unused_window(value: JsonObject, defaults: JsonObject) -> JsonObject:
    """Drop the window that Qwen-like classes drop themselves when ``use_sliding_window`` is off."""
    if "use_sliding_window" in defaults and value.get("use_sliding_window") is False:
        return {**value, "sliding_window": None}
    return value
