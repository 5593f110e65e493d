"""Reports as JSON, version 1: a promise to programs, which only grows."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from validation.finding import Finding, Place
from validation.jsontext import JsonObject
from validation.report import ModelSummary, Report

if TYPE_CHECKING:
    from validation.adapter import Adapter

VERSION = 1


def render(reports: Sequence[Report]) -> str:
    """Return one report as an object, several as ``{"version": 1, "models": [...]}``; all of it ASCII."""
    if len(reports) == 1:
        return dump({"version": VERSION, **report_object(reports[0])})
    return dump({"version": VERSION, "models": [report_object(report) for report in reports]})


def dump(value: JsonObject) -> str:
    """Return JSON in ASCII, in which nothing can move a terminal's cursor."""
    return json.dumps(value, indent=2) + "\n"


def report_object(report: Report) -> JsonObject:
    """Return one report without the version; `adapters` are there where the model has some."""
    return {
        "source": report.source,
        "revision": report.commit or report.revision or None,
        "verdict": report.verdict.value,
        "model": _model(report.model),
        "findings": [_finding(finding) for finding in report.findings],
        **({"adapters": [_adapter(adapter) for adapter in report.adapters]} if report.adapters else {}),
    }


def _model(model: ModelSummary) -> JsonObject:
    return {
        "type": None if model.model_type is None else model.model_type.value,
        "architecture": model.architecture or None,
        "endpoints": list(model.endpoints),
        "max_position_embeddings": model.max_position_embeddings,
        "parameters": model.parameters,
        "weights_bytes": model.weights_bytes,
        "dtype": model.dtype or None,
        "quantization": model.quantization or None,
        "licence": model.licence or None,
    }


def _adapter(adapter: "Adapter") -> JsonObject:
    return {
        "name": adapter.name,
        "source": adapter.wish.source,
        "revision": adapter.facts.commit or adapter.wish.revision or None,
        "rank": adapter.rank,
        "base": adapter.base or None,
    }


def _finding(finding: Finding) -> JsonObject:
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "outcome": finding.outcome.value,
        "message": finding.message,
        "help": finding.help,
        "where": None if finding.where is None else _place(finding.where),
        "docs": finding.docs,
    }


def _place(place: Place) -> JsonObject:
    return {"path": place.path, "line": place.line, "column": place.column, "key": place.key or None}
