"""Rules on what the Hub's own scan of the repository reports."""

from collections.abc import Iterator

from validation.facts import SecurityScan
from validation.finding import Place, Severity
from validation.rules.access import ACCESS
from validation.rules.rule import Answer, Rule, Subject, skipped

_SHOWN = 5
_READ = (".json", ".jinja", ".safetensors", ".model", ".txt", ".tiktoken")  # what a server reads besides weights


def flagged(subject: Subject) -> Iterator[Answer]:
    """Refuse files that the Hub's scan reports, when the server would load them; warn about the others.

    Why: the scan looks for malware and for pickles that import what they should not. A reported file that is never
    loaded does no harm in the server, and says something about the repository.
    Example: `pytorch_model.bin` reported as unsafe beside clean safetensors (a warning).
    Fix: choose another repository, or report the finding to its author; delete the file in your own repository.
    Source: the Hub's security scan (`securityStatus`).
    """
    scan = subject.facts.security
    if scan is None:
        yield skipped("no scan is known")
        return
    for loaded in (True, False):
        reported = [(path, level) for path, level in scan.flagged if _is_loaded(subject, path) is loaded]
        if reported:
            yield Answer(
                message=f"the Hub's scan reports {_listing(reported)}, "
                + ("which the server loads" if loaded else "never loaded"),
                help="choose another repository" if loaded else "prefer a repository without the reported files",
                severity=None if loaded else Severity.WARNING,
                where=Place(path=reported[0][0]),
            )


def unfinished(subject: Subject) -> Iterator[Answer]:
    """Note that the Hub has not finished its scan.

    Why: a fresh upload is scanned within minutes to hours; until then nothing is known of its files.
    Example: a model that was uploaded just before the preview.
    Fix: run the preview again later.
    Source: the Hub's security scan (`scansDone`).
    """
    scan: SecurityScan | None = subject.facts.security
    if scan is None:
        yield skipped("no scan is known")
    elif not scan.finished:
        yield Answer(message="the Hub has not finished its security scan", help="run the preview again later")


def _is_loaded(subject: Subject, path: str) -> bool:
    weights = subject.prediction.weight_files
    if path.endswith(".safetensors") and weights:
        return path in weights
    if path.endswith(".py"):
        return subject.wish.serving.trust_remote_code
    return "/" not in path and path.endswith(_READ)


def _listing(reported: list[tuple[str, str]]) -> str:
    shown = ", ".join(f"{path} as {level}" for path, level in reported[:_SHOWN])
    return shown + (f" and {len(reported) - _SHOWN} more" if len(reported) > _SHOWN else "")


RULES = (
    Rule(name="security-scan-flagged", severity=Severity.ERROR, check=flagged, requires=ACCESS),
    Rule(name="security-scan-unfinished", severity=Severity.NOTE, check=unfinished, requires=ACCESS),
)
