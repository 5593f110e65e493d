"""Agreement with vLLM's own KV cache manager over real configurations."""

from tests.fit.oracle import Row, rows
from tests.fixtures.configs import real_configs
from validation.engine.config import resolved_config
from validation.engine.tables import load_engine
from validation.fit.cache import Cache, cache_of
from validation.fit.shape import shape_of
from validation.fit.weights import shape_bytes

ENGINE = load_engine("0.33.0")
EXACT = 0.97  # the goal: KV bytes a token
WITHIN = 0.95  # the goal: bytes of a full-length request within 5 %


def _cache(row: Row) -> Cache:
    config = resolved_config(real_configs()[row.model], ENGINE)
    shape = shape_of(config, row.prediction, row.prediction.kv_cache_dtype)
    assert shape is not None, row.model
    return cache_of(shape)


def test_the_bytes_of_a_token_are_exact() -> None:
    """KV bytes a token agree exactly for 97 of 100 models."""
    exact = [row.model for row in rows() if _cache(row).bytes_per_token == round(row.bytes_per_token)]
    assert EXACT * len(rows()) <= len(exact)


def test_the_bytes_of_a_request_agree() -> None:
    """A request of full length takes vLLM's own bytes within 5 % for 95 of 100 models."""
    near = [
        row.model
        for row in rows()
        if abs(_cache(row).request_bytes(row.max_model_len) - row.request_bytes) <= 0.05 * row.request_bytes
    ]
    assert WITHIN * len(rows()) <= len(near)


def test_weights_follow_from_the_configuration_alone() -> None:
    """The bytes of the weights come within 5 % for four of five models that name no weights at all."""
    near = [row.model for row in rows() if abs(_weights(row) - row.param_bytes) <= 0.05 * row.param_bytes]
    assert 0.8 * len(rows()) <= len(near)


def _weights(row: Row) -> int:
    facts = real_configs()[row.model]
    return shape_bytes(facts, resolved_config(facts, ENGINE), row.prediction)
