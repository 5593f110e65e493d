"""PromQL over the servers of one namespace, from the names that the engine's version gives its series."""

from dataclasses import dataclass

from components.naming import INSTANCE_LABEL

GROUP = f"namespace, {INSTANCE_LABEL}"  # not by `model_name`: a canary serves under the name of another model


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The namespace, and which models of it: a matcher for their label, empty for all."""

    namespace: str
    model: str = ""

    def select(self, series: str, **labels: str) -> str:
        """Return the selector of a series in this scope; label values are taken as they are, without quotes."""
        matchers = [f'namespace="{self.namespace}"', *([self.model] if self.model else [])]
        matchers += [f'{name}="{value}"' for name, value in labels.items()]
        return f"{series}{{{', '.join(matchers)}}}"

    def total(self, series: str) -> str:
        """Return the sum over the servers of each model."""
        return f"sum by ({GROUP}) ({self.select(series)})"

    def mean(self, series: str) -> str:
        """Return the mean over the servers of each model."""
        return f"avg by ({GROUP}) ({self.select(series)})"

    def servers(self, series: str) -> str:
        """Return how many servers of each model show a series."""
        return f"count by ({GROUP}) ({self.select(series)})"

    def rate(self, series: str, window: str) -> str:
        """Return how fast a counter grows for each model, a second."""
        return f"sum by ({GROUP}) (rate({self.select(series)}[{window}]))"

    def quantile(self, part: float, buckets: str, window: str) -> str:
        """Return a quantile of a histogram for each model; ``part`` is from 0 to 1."""
        return f"histogram_quantile({part}, sum by (le, {GROUP}) (rate({self.select(buckets)}[{window}])))"

    def share(self, part: str, whole: str, window: str) -> str:
        """Return how much one counter is of another for each model, from 0 to 1."""
        return f"{self.rate(part, window)} / {self.rate(whole, window)}"
