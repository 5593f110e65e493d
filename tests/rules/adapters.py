"""A clean adapter of a small Llama, and what the tests change in it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from tests.hub.adapters import ADAPTER_CONFIG, MODULES
from tests.rules.build import CHATS, COMMIT, VLLM, config
from validation.adapter import WEIGHTS_FILE, Adapter, plan_lora
from validation.contracts.contract import Contract
from validation.engine.prediction import Prediction
from validation.engine.table import EngineTable
from validation.engine.tables import load_engine
from validation.facts import Document, File, Origin, RepositoryFacts, SecurityScan, Tensor
from validation.finding import Place
from validation.model import summarize
from validation.rules.rule import Subject
from validation.wish import AdapterWish, Serving, Wish

NEWEST, OLDER = load_engine("0.33.0"), load_engine("0.30.0")
PLACE = Place(path="stacks/Pulumi.test.yaml", line=20, column=11, key="slipway:models[0].adapters[0]")
BASE = replace(
    config(
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        vocab_size=128,
    ),
    source="hf://acme/tiny-chat",
)


def tensors(
    modules: dict[str, tuple[int, int]] | None = None, *, layers: int = 2, rank: int = 8, more: Sequence[str] = ()
) -> tuple[Tensor, ...]:
    """Return an adapter's tensors: for each module of a layer its inputs and outputs; ``more`` are whole names."""
    found = [_tensor(name, (4, 4)) for name in more]
    for layer in range(layers):
        for module, (inputs, outputs) in (modules if modules is not None else MODULES).items():
            name = f"base_model.model.model.layers.{layer}.{module}"
            found += [
                _tensor(f"{name}.lora_A.weight", (rank, inputs)),
                _tensor(f"{name}.lora_B.weight", (outputs, rank)),
            ]
    return tuple(found)


def facts(held: tuple[Tensor, ...] | None = None, **changes: Any) -> RepositoryFacts:
    """Return the facts of an adapter; ``changes`` are of its configuration, where None takes the key away."""
    stated = {key: value for key, value in {**ADAPTER_CONFIG, **changes}.items() if value is not None}
    return RepositoryFacts(
        source="hf://acme/sql",
        origin=Origin.HUB,
        repository="acme/sql",
        revision=COMMIT,
        commit=COMMIT,
        licence="apache-2.0",
        files=(File(path="adapter_config.json", size=200), File(path=WEIGHTS_FILE, size=9000)),
        documents={"adapter_config.json": Document(path="adapter_config.json", value=stated)},
        tensors=tensors() if held is None else held,
        security=SecurityScan(finished=True),
    )


def adapted(
    own: RepositoryFacts | None = None,
    *,
    base: RepositoryFacts = BASE,
    contract: Contract = VLLM,
    table: EngineTable = NEWEST,
    prediction: Prediction = CHATS,
    serving: Serving | None = None,
) -> Subject:
    """Return what the rules get for a model with one adapter, which stands at a place in the stack."""
    wished = AdapterWish(name="sql", source="hf://acme/sql", revision=COMMIT)
    wish = Wish(adapters=(wished,), serving=serving or Serving(), places={"adapters[0]": PLACE})
    adapters = (Adapter(wish=wished, number=0, facts=own or facts()),)
    return Subject(
        facts=base,
        contract=contract,
        wish=wish,
        today=date(2026, 11, 23),
        model=summarize(base, contract, prediction),
        engine=table,
        prediction=prediction,
        adapters=adapters,
        lora=plan_lora(adapters, wish.serving, table),
    )


def _tensor(name: str, shape: tuple[int, ...]) -> Tensor:
    return Tensor(name=name, dtype="F32", shape=shape, size=4, file=WEIGHTS_FILE)
