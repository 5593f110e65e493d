"""How the servers are watched: by the Prometheus operator, its alerts, and a Grafana dashboard."""

from typing import Annotated

from pydantic import Field

from stacks import form
from stacks.base import Base


class Monitoring(Base):
    """A Prometheus operator that is in the cluster already, and what it is given of this stack."""

    namespace: form.Namespace
    """The namespace of Prometheus: the only one whose pods may read the servers' metrics."""
    labels: dict[form.LabelKey, form.LabelValue] = Field(default_factory=dict, max_length=32)
    """Labels by which the operator picks its PodMonitors and PrometheusRules, like `release: prometheus`."""
    interval_seconds: Annotated[int, Field(ge=5, le=300)] = 15
    """How often the metrics are read."""
    alerts: bool = True
    """Make alerts (docs/operations.md says what each one asks for)."""
    dashboard: bool = True
    """Make a ConfigMap with a dashboard, labelled `grafana_dashboard` for Grafana's sidecar."""
