"""What a rule is: a name, a severity, and a pure function from a subject to what it found."""

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from datetime import date
from typing import TYPE_CHECKING

from validation.contracts.contract import Contract
from validation.data import Data
from validation.facts import RepositoryFacts
from validation.finding import Outcome, Place, Severity
from validation.report import ModelSummary
from validation.wish import Wish

if TYPE_CHECKING:
    from validation.adapter import Adapter, LoraPlan
    from validation.engine.prediction import Prediction
    from validation.engine.table import EngineTable
    from validation.fit.plan import MemoryPlan


class Subject(Data):
    """All that a rule may look at: facts, contract, engine, wish, today, and what was derived from them."""

    facts: RepositoryFacts
    contract: Contract
    wish: Wish
    today: date
    model: ModelSummary
    engine: "EngineTable"
    prediction: "Prediction"
    memory: "MemoryPlan | None" = None
    adapters: "tuple[Adapter, ...]" = ()
    lora: "LoraPlan | None" = None
    known: frozenset[str] = frozenset()  # names of the rules that may be ignored; set by run_rules
    silent: AbstractSet[str] = frozenset()  # rules checked so far that found nothing; grows as they run


class Answer(Data):
    """One thing that a rule found; a rule that yields none has passed.

    ``severity`` left out means the rule's own; ``outcome`` is failed, skipped (not applicable) or unknown.
    """

    message: str
    help: str = ""
    where: Place | None = None
    severity: Severity | None = None
    outcome: Outcome = Outcome.FAILED


def skipped(reason: str) -> Answer:
    """Say that the rule does not apply to this model."""
    return Answer(message=reason, outcome=Outcome.SKIPPED)


def unknown(reason: str, help: str = "") -> Answer:  # noqa: A002 - the word that is printed
    """Say that the rule could not be checked."""
    return Answer(message=reason, help=help, outcome=Outcome.UNKNOWN)


class Rule(Data):
    """A check with its name; its documentation is the docstring of ``check``, under Why, Example, Fix and Source.

    ``requires`` names rules without whose passing this one says nothing new: it is skipped when one of them failed
    or could not be checked. A required rule stands before it in the registry.
    """

    name: str
    severity: Severity
    check: Callable[[Subject], Iterator[Answer]]
    requires: tuple[str, ...] = ()
    suppressible: bool = True  # false where nothing could be said of the model if the stack ignored it

    @property
    def documentation(self) -> str:
        """Return the rule's own text, without indentation."""
        from inspect import getdoc  # noqa: PLC0415 - only who lists the rules reads it

        return getdoc(self.check) or ""

    @property
    def summary(self) -> str:
        """Return the first line of the rule's text."""
        return self.documentation.partition("\n")[0]
