"""A model's configuration, read by type, with the defaults that transformers' class of its ``model_type`` fills in."""

from collections.abc import Iterator, Mapping

from validation.data import Data, field
from validation.engine.table import ConfigClass, EngineTable
from validation.facts import RepositoryFacts
from validation.jsontext import JsonObject, JsonValue

TEXT_SECTIONS = ("text_encoder", "decoder", "generator", "text_config")
MAX_SECTIONS = 8  # transformers nests three deep at most
RENAMED_SECTIONS = {"llm_config": "text_config"}  # vLLM's own renaming
_RENAMED_FROM = {new: old for old, new in RENAMED_SECTIONS.items()}
_OLD_NAMES: Mapping[str, Mapping[str, str]] = {  # what ``__post_init__`` of transformers' classes takes besides its own
    "bloom": {"n_embed": "hidden_size"},
    "falcon": {"n_embed": "hidden_size"},
    "nemotron_h": {"mamba_n_groups": "n_groups", "mamba_d_conv": "conv_kernel", "mamba_expand": "expand"},
}
_FLAT_KEYS = ("dtype", "torch_dtype", "rope_parameters", "rope_scaling", "rope_theta")


class Config(Data):
    """One object of a stranger's JSON: a value of another type than asked for counts as absent.

    ``stated`` is what the file says, ``value`` the same with the defaults of ``model_type``'s class. ``aliases`` are
    the class's other names of keys (GPT-2 calls ``num_hidden_layers`` ``n_layer``); every method follows them.
    """

    value: JsonObject
    stated: JsonObject = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    sections: Mapping[str, "Config"] = field(default_factory=dict)
    text_key: str = ""  # where the class itself says that the language model is described

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


class ResolvedConfig(Data):
    """config.json as transformers would hold it: the whole, and the part that describes the language model."""

    whole: Config
    text: Config


def resolved_config(facts: RepositoryFacts, table: EngineTable) -> ResolvedConfig:
    """Return the configuration that vLLM reads, with its class's defaults; an empty one when there is none."""
    from validation.engine.reading import read_config  # noqa: PLC0415 - it builds on this module

    found = read_config(facts, table)
    return found.config if found is not None else ResolvedConfig(whole=EMPTY, text=EMPTY)


def resolve_object(stated: JsonObject, table: EngineTable, *, defaults: bool = True) -> ResolvedConfig:
    """Return a configuration object, with the defaults of the engine's transformers version unless told otherwise."""
    if not defaults:
        plain = Config(value=stated, stated=stated)
        return ResolvedConfig(whole=plain, text=text_config(plain))
    kind = _model_type(stated)
    if kind == "mistral" and "layer_types" in stated and "ministral" in table.config_classes:
        kind = "ministral"  # transformers 5 reads it so
    whole = with_defaults(stated, table, kind)
    return ResolvedConfig(whole=whole, text=text_config(whole))


def text_config(whole: Config, depth: int = 0) -> Config:
    """Return the language model's part, where vLLM looks for lengths, heads and layers: the whole when it has none.

    It is transformers' ``get_text_config`` with what single classes make of it.
    """
    if whole.text_key and depth < MAX_SECTIONS:
        inner = whole.section(whole.text_key.removesuffix("."))
        return text_config(inner, depth + 1) if whole.text_key.endswith(".") else inner or whole
    names = text_sections(whole)
    return whole.section(names[0]) if names else whole


def text_sections(whole: Config) -> tuple[str, ...]:
    """Return the nested configurations that describe a language model; transformers refuses more than one."""
    return tuple(name for name in TEXT_SECTIONS if whole.has(name) and whole.section(name))


def with_defaults(stated: JsonObject, table: EngineTable, model_type: str, depth: int = 0) -> Config:
    """Return an object with its class's defaults and names; nested configurations get theirs."""
    known = table.config_classes.get(model_type, ConfigClass())
    value: JsonObject = {**known.defaults, **_renamed(stated)}
    for key in [key for key in stated if key in known.aliases]:
        value[known.aliases[key]] = value.pop(key)
    for old, new in _OLD_NAMES.get(model_type, {}).items():
        if (number := value.pop(old, None)) is not None:
            value[new] = number
    for key, source in known.copies.items():
        if value.get(key) is None and known.aliases.get(source, source) in value:
            value[key] = value[known.aliases.get(source, source)]
    value = _without_unused_window(value, known.defaults)
    sections = dict(_sections(value, known, table, depth)) if depth < MAX_SECTIONS else {}
    value.update({key: section.value for key, section in sections.items() if section})
    return Config(value=value, stated=stated, aliases=known.aliases, sections=sections, text_key=known.text)


def _renamed(stated: JsonObject) -> JsonObject:
    added = {new: stated[old] for old, new in RENAMED_SECTIONS.items() if old in stated and new not in stated}
    return {**stated, **added}


def _sections(value: JsonObject, known: ConfigClass, table: EngineTable, depth: int) -> Iterator[tuple[str, Config]]:
    named = (key for key in value if key.endswith(("_config", "decoder", "generator", "text_encoder")))
    for key in dict.fromkeys([*known.sections, *named]):
        item, default = value.get(key), known.sections.get(key, known.sections.get(_RENAMED_FROM.get(key, ""), ""))
        if isinstance(item, dict):
            inner = _model_type(item)
            kind = inner if inner in table.config_classes else default.removeprefix("*") or inner
            yield key, with_defaults(item, table, kind, depth + 1)
        elif item is None and default:
            kind = default.removeprefix("*")
            names = {*table.config_classes.get(kind, ConfigClass()).defaults, *_FLAT_KEYS, *table.length_keys}
            flat = {name: part for name, part in value.items() if name in names} if default.startswith("*") else {}
            yield key, with_defaults(flat, table, kind, depth + 1)


def _model_type(value: JsonObject) -> str:
    name = value.get("model_type")
    return name if isinstance(name, str) else ""


def _without_unused_window(value: JsonObject, defaults: JsonObject) -> JsonObject:
    """Drop the window that Qwen-like classes drop themselves when ``use_sliding_window`` is off."""
    if "use_sliding_window" in defaults and value.get("use_sliding_window") is False:
        return {**value, "sliding_window": None}
    return value
