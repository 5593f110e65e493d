"""The whole way of one model: facts, the engine's prediction, the memory plan, the rules, a report."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from importlib import import_module
from typing import TYPE_CHECKING

from validation.contracts.contract import Contract
from validation.data import Data, field
from validation.engine.table import EngineTable
from validation.facts import RepositoryFacts
from validation.finding import Severity
from validation.report import ModelSummary, Report
from validation.sources.read import SourceOptions, SourceRequest, read_all
from validation.wish import Wish

if TYPE_CHECKING:
    from validation.adapter import Adapter, LoraPlan
    from validation.engine.prediction import Prediction
    from validation.fit.plan import MemoryPlan

DEFAULT_CONTRACT = "managed-inference"
DEFAULT_ENGINE = "0.33.0"


class ModelRequest(Data):
    """A model to check: where it is, at which revision, and what is wanted of it."""

    source: str
    revision: str = ""
    wish: Wish = field(default_factory=Wish)


class Policy(Data):
    """What all models are checked against; ``today`` left out is the day it is in UTC."""

    contract: str = DEFAULT_CONTRACT
    engine: str = DEFAULT_ENGINE
    fail_on: Severity = Severity.ERROR
    sources: SourceOptions = field(default_factory=SourceOptions)
    today: date | None = None


def check_models(requests: Sequence[ModelRequest], policy: Policy) -> tuple[Report, ...]:
    """Check all models, reading them concurrently; return one report each, in their order.

    Raises ContractError and EngineError for a policy that names what there is not, and nothing for a bad repository.
    """
    from validation.contracts.load import load_contract  # noqa: PLC0415 - reads YAML, which a pure check does without
    from validation.engine.tables import load_engine  # noqa: PLC0415 - reads the tables

    contract = load_contract(policy.contract)
    table = load_engine(policy.engine)
    today = policy.today or datetime.now(UTC).date()
    wanted = [asked for request in requests for asked in _asked(request)]
    facts = dict(zip(wanted, read_all(wanted, policy.sources, meanwhile=_get_ready), strict=True))
    return tuple(
        check_facts(
            facts[SourceRequest(request.source, request.revision)],
            request.wish,
            contract,
            table,
            today,
            adapters=_adapters(request.wish, facts),
        )
        for request in requests
    )


def check_facts(
    facts: RepositoryFacts,
    wish: Wish,
    contract: Contract,
    table: EngineTable,
    today: date,
    *,
    adapters: "tuple[Adapter, ...]" = (),
) -> Report:
    """Return the report on facts that were read; pure."""
    from validation.adapter import plan_lora  # noqa: PLC0415 - so that the data classes import fast
    from validation.rules.rule import Subject  # noqa: PLC0415 - the same
    from validation.rules.run import run_rules  # noqa: PLC0415 - the same

    prediction, model = _derived(facts, wish, contract, table)
    lora = plan_lora(adapters, wish.serving, table)
    memory = _memory(facts, prediction, table, wish, lora)
    results = run_rules(
        Subject(
            facts=facts,
            contract=contract,
            wish=wish,
            today=today,
            model=model,
            engine=table,
            prediction=prediction,
            memory=memory,
            adapters=adapters,
            lora=lora,
        )
    )
    return Report(
        name=wish.name or facts.repository.rpartition("/")[2] or facts.source,
        source=facts.source,
        revision=facts.revision,
        commit=facts.commit,
        facts=facts,
        model=model,
        findings=results.findings,
        suppressed=results.suppressed,
        passed=results.passed,
        skipped=results.skipped,
        notes=facts.notes,
        prediction=prediction,
        memory=memory,
        adapters=adapters,
        lora=lora,
    )


def _asked(request: ModelRequest) -> list[SourceRequest]:
    """Return what has to be read for one model: its repository, and those of its adapters."""
    adapters = [SourceRequest(adapter.source, adapter.revision) for adapter in request.wish.adapters]
    return [SourceRequest(request.source, request.revision), *adapters]


def _adapters(wish: Wish, facts: Mapping[SourceRequest, RepositoryFacts]) -> "tuple[Adapter, ...]":
    if not wish.adapters:
        return ()
    from validation.adapter import Adapter  # noqa: PLC0415 - as above

    return tuple(
        Adapter(wish=adapter, number=number, facts=facts[SourceRequest(adapter.source, adapter.revision)])
        for number, adapter in enumerate(wish.adapters)
    )


def _get_ready() -> None:
    """Import what every check needs: with the Hub to wait for, it costs no time."""
    for name in ("validation.rules.run", "validation.engine.predict", "validation.sandbox"):
        import_module(name)


def _derived(
    facts: RepositoryFacts, wish: Wish, contract: Contract, table: EngineTable
) -> "tuple[Prediction, ModelSummary]":
    from validation.engine.predict import predict  # noqa: PLC0415 - so that the data classes import fast
    from validation.engine.prediction import Prediction, Support  # noqa: PLC0415 - the same
    from validation.model import summarize  # noqa: PLC0415 - the same

    try:
        prediction = predict(facts, table, wish)
        return prediction, summarize(facts, contract, prediction)
    except Exception as error:  # noqa: BLE001 - whatever a hostile file does to the prediction, other models go on
        reason = f"the prediction itself failed ({type(error).__name__})"
        fix = "please report it with the source of the model"
        return Prediction(supported=Support.UNKNOWN, reason=reason, help=fix), ModelSummary()


def _memory(
    facts: RepositoryFacts, prediction: "Prediction", table: EngineTable, wish: Wish, lora: "LoraPlan | None"
) -> "MemoryPlan | None":
    if wish.hardware is None:
        return None
    from validation.fit.memory import plan_memory  # noqa: PLC0415 - only where GPUs are named

    try:
        return plan_memory(facts, prediction, table, wish, lora)
    except Exception:  # noqa: BLE001 - as above; the rules on memory then say that it could not be planned
        return None
