"""The context length that vLLM derives from a configuration."""

from collections.abc import Iterator

from validation.data import Data
from validation.engine.config import Config, ResolvedConfig
from validation.engine.table import EngineTable
from validation.facts import RepositoryFacts
from validation.jsontext import JsonObject

NO_LENGTH = 2048  # what vLLM assumes when no key states a length
LAYER_TYPES = frozenset(
    {
        "full_attention",
        "sliding_attention",
        "chunked_attention",
        "window_attention",
        "indexed_attention",
        "compressed_sparse_attention",
        "heavily_compressed_attention",
        "minimax_m3_sparse",
        "conv",
        "moe",
        "hybrid",
        "hybrid_sliding",
        "linear_attention",
        "sparse",
        "dense",
    }
)  # transformers' ALLOWED_LAYER_TYPES: rope parameters keyed by these alone are one set a layer type
ENCODER_CONFIGS = tuple(
    f"sentence_{name}_config.json"
    for name in ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
)


class Length(Data):
    """``default`` is what vLLM takes when nothing is asked for, ``limit`` the longest that may be asked for."""

    default: int
    limit: int
    key: str = ""  # the key it came from; empty when none states a length


def derive_length(config: ResolvedConfig, facts: RepositoryFacts, table: EngineTable, runner: str) -> Length:
    """Return the context length in tokens, by the rules of vLLM's ``_get_and_verify_max_len``."""
    stated, key = _stated(config.text, table)
    if runner == "pooling" and config.whole.text("position_embedding_type") == "absolute":
        tokenizer = Config(value=facts.document("tokenizer_config.json")).number("model_max_length")
        stated = min(stated, tokenizer) if tokenizer is not None else stated
    found = float(NO_LENGTH) if stated == float("inf") else stated
    ropes = tuple(rope_parameters(config.text))
    found *= _factor(config.text, ropes, table)
    if original := _yarn_original(ropes, table):
        found = original * _factor(config.text, ropes, table)
    own = next((number for path in ENCODER_CONFIGS if (number := _encoder_length(facts, path))), 0)
    limit = own or _tokens(found) or NO_LENGTH
    default = limit
    if any(rope_type(rope) == "longrope" for rope in ropes):
        default = config.text.integer("original_max_position_embeddings") or limit
    return Length(default=default, limit=max(limit, _tokens(config.text.number("model_max_length"))), key=key)


def rope_parameters(text: Config) -> Iterator[JsonObject]:
    """Yield the rope parameters: one set, or one for each layer type."""
    rope = text.raw("rope_scaling") or text.raw("rope_parameters")
    if not isinstance(rope, dict) or not rope:
        return
    if rope.keys() <= LAYER_TYPES:
        yield from (item for item in rope.values() if isinstance(item, dict) and item)
    else:
        yield rope


def rope_type(rope: JsonObject) -> str:
    """Return the rope's type in today's naming."""
    name = rope.get("rope_type", rope.get("type", "default"))
    return {"su": "longrope", "mrope": "default"}.get(str(name), str(name))


def _stated(text: Config, table: EngineTable) -> tuple[float, str]:
    """Return the smallest length that a key states, and the key; ``model_max_length`` wins when it is set."""
    best, best_key = float("inf"), ""
    for key in table.length_keys:
        number = text.number(key)
        if number is not None and number < best:
            best, best_key = float(number), key
    if preferred := text.number("model_max_length"):
        return float(preferred), "model_max_length"
    return best, best_key


def _factor(text: Config, ropes: tuple[JsonObject, ...], table: EngineTable) -> float:
    if "gemma3" in text.model_type:
        return 1.0
    factor = 1.0
    for rope in ropes:
        stated = rope.get("factor")
        if rope_type(rope) not in table.unscaled_ropes and isinstance(stated, int | float):
            factor = float(stated)
    return factor


def _yarn_original(ropes: tuple[JsonObject, ...], table: EngineTable) -> float:
    """Return the length before yarn, which vLLM up to 0.28 multiplied by the factor."""
    if "yarn" in table.unscaled_ropes:
        return 0.0
    stated = [rope.get("original_max_position_embeddings") for rope in ropes if rope_type(rope) == "yarn"]
    return next((float(number) for number in stated if isinstance(number, int | float)), 0.0)


def _encoder_length(facts: RepositoryFacts, path: str) -> int:
    return _tokens(Config(value=facts.document(path)).number("max_seq_length"))


def _tokens(number: float | None) -> int:
    return int(number) if number is not None and number > 0 and number != float("inf") else 0
