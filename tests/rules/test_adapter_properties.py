"""Whatever an adapter's repository holds, the rules answer."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.rules.adapters import adapted, facts, tensors
from validation.engine.tables import load_engine
from validation.facts import Document
from validation.rules import adapter, adapter_base, adapter_files, adapter_shape

RULES = tuple(rule for family in (adapter, adapter_files, adapter_base, adapter_shape) for rule in family.RULES)
TABLES = tuple(map(load_engine, ("0.22.0", "0.30.0", "0.33.0")))
PATH = "adapter_config.json"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [
        *("peft_type", "r", "lora_alpha", "target_modules", "modules_to_save", "bias", "rank_pattern", "alpha_pattern"),
        *("use_dora", "init_lora_weights", "base_model_name_or_path", "layer_replication", "task_type", "lora_bias"),
    ]
)


@given(st.dictionaries(KEYS, JSON))
def test_no_configuration_makes_a_rule_fail_itself(stated: dict[str, Any]) -> None:
    """Whatever a stranger writes into adapter_config.json is answered, on every engine."""
    own = replace(facts(), documents={PATH: Document(path=PATH, value=stated)})
    for table in TABLES:
        of = adapted(own, table=table)
        for rule in RULES:
            assert all(answer.message and len(answer.message) < 1000 for answer in rule.check(of))


@given(
    st.lists(
        st.tuples(
            st.text(st.sampled_from("layers.0_-éAB"), max_size=20).map(lambda text: f"base_model.model.{text}"),
            st.sampled_from(
                [".lora_A.weight", ".lora_B.weight", ".lora_embedding_A", ".lora_embedding_B", ".bias", ""]
            ),
            st.lists(st.integers(0, 2**40), max_size=3),
        ),
        max_size=6,
    )
)
def test_no_header_makes_a_rule_fail_itself(named: list[tuple[str, str, list[int]]]) -> None:
    """Names and shapes are a stranger's too."""
    held = tuple(replace(tensors()[0], name=name + ending, shape=tuple(shape)) for name, ending, shape in named)
    of = adapted(facts(held))
    for rule in RULES:
        assert all(answer.message for answer in rule.check(of))
