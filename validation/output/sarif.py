"""Reports as SARIF 2.1.0, for code scanning: results with locations, and the documentation of each rule."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from validation.finding import Finding, Outcome, Place
from validation.jsontext import JsonObject, JsonValue
from validation.output.json import dump
from validation.output.place import is_local, path_of
from validation.output.safe import safe
from validation.report import Report, Verdict

if TYPE_CHECKING:
    from validation.rules.rule import Rule

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_CONFIG = Place(path="config.json")  # where a finding without a place is shown: code scanning wants a file


def render(reports: Sequence[Report], rules: "Sequence[Rule] | None" = None) -> str:
    """Return one run over all reports; ``rules`` left out means all that there are."""
    if rules is None:
        from validation.rules.registry import RULES  # noqa: PLC0415 - only this format prints their texts

        rules = RULES
    names = _names(reports)
    known = {rule.name: rule for rule in rules}
    driver: JsonObject = {
        "name": "Slipway",
        "semanticVersion": "0.1.0",
        "rules": [_descriptor(name, known) for name in names],
    }
    run: JsonObject = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": _bases(reports),
        "invocations": [{"executionSuccessful": all(report.verdict is not Verdict.UNKNOWN for report in reports)}],
        "results": list(_results(reports, names)),
    }
    return dump({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _all(report: Report) -> Iterator[tuple[Finding, str]]:
    yield from ((finding, "") for finding in report.findings)
    yield from report.suppressed


def _names(reports: Sequence[Report]) -> list[str]:
    return sorted({finding.rule for report in reports for finding, _ in _all(report)})


def _descriptor(name: str, known: "Mapping[str, Rule]") -> JsonObject:
    descriptor: JsonObject = {"id": name, "name": "".join(part.capitalize() for part in name.split("-"))}
    rule = known.get(name)
    if rule is not None:
        text = f"{rule.documentation}\n\nSee docs/rules.md#{name}"
        descriptor |= {
            "shortDescription": {"text": rule.summary},
            "fullDescription": {"text": rule.summary},
            "help": {"text": text, "markdown": text},
            "defaultConfiguration": {"level": rule.severity.value},
        }
    return descriptor


def _results(reports: Sequence[Report], names: list[str]) -> Iterator[JsonObject]:
    seen: Counter[tuple[str, ...]] = Counter()
    for number, report in enumerate(reports):
        for finding, reason in _all(report):
            identity = (finding.rule, report.source, *_identity(finding.where))
            seen[identity] += 1
            yield {
                **_level(finding),
                "ruleId": finding.rule,
                "ruleIndex": names.index(finding.rule),
                "message": {"text": _message(report, finding)},
                "locations": [_location(number, report, finding)],
                "partialFingerprints": {"slipway/v1": _digest((*identity, str(seen[identity])))},
                **_suppressions(reason),
            }


def _level(finding: Finding) -> JsonObject:
    if finding.outcome is Outcome.UNKNOWN:
        return {"kind": "open", "level": "none"}  # SARIF's words for "not enough information to decide"
    return {"kind": "fail", "level": finding.severity.value}


def _suppressions(reason: str) -> JsonObject:
    return {"suppressions": [{"kind": "external", "justification": safe(reason)}]} if reason else {}


def _message(report: Report, finding: Finding) -> str:
    lead = "not checked: " if finding.outcome is Outcome.UNKNOWN else ""
    help_text = f"; help: {safe(finding.help)}" if finding.help else ""
    return f"{safe(report.name)}: {lead}{safe(finding.message)}{help_text}"


def _identity(place: Place | None) -> tuple[str, str]:
    return ("", "") if place is None else (place.path, place.key)


def _digest(parts: tuple[str, ...]) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:32]


def _location(number: int, report: Report, finding: Finding) -> JsonObject:
    place = finding.where or _CONFIG
    artifact: JsonObject = {"uri": _uri(path_of(report, place))}
    if not is_local(report, place):
        artifact = {"uri": _uri(place.path), "uriBaseId": f"MODEL{number}"}
    physical: JsonObject = {"artifactLocation": artifact}
    if place.line is not None:
        physical["region"] = _region(place.line, place.column)
    model = {"name": safe(report.name), "fullyQualifiedName": safe(report.source), "kind": "module"}
    key = {"name": safe(place.key), "fullyQualifiedName": safe(f"{report.source}/{place}"), "kind": "member"}
    logical: list[JsonValue] = [{**model}, {**key}] if place.key else [{**model}]
    return {"physicalLocation": physical, "logicalLocations": logical}


def _region(line: int, column: int | None) -> JsonObject:
    return {"startLine": line} if column is None else {"startLine": line, "startColumn": column}


def _bases(reports: Sequence[Report]) -> JsonObject:
    return {
        f"MODEL{number}": {"uri": f"{_uri(report.source.rstrip('/'))}/"}
        for number, report in enumerate(reports)
        if not is_local(report, _CONFIG)
    }


def _uri(path: str) -> str:
    """Return a path or an address as a URI: an absolute path with its scheme, all else relative."""
    scheme, separator, rest = path.partition("://")
    if separator and scheme.isalnum():
        return f"{scheme}://{quote(rest, errors='backslashreplace')}"
    prefix = "file://" if path.startswith("/") else ""
    return prefix + quote(path, safe="/", errors="backslashreplace")
