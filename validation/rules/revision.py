"""Rules on the pinning of revisions."""

import re
from collections.abc import Iterator

from validation.facts import Origin
from validation.finding import Severity
from validation.rules.access import ACCESS
from validation.rules.rule import Answer, Rule, Subject, skipped

_COMMIT = re.compile(r"[0-9a-f]{40}")


def unpinned(subject: Subject) -> Iterator[Answer]:
    """Warn about a model whose revision is not pinned to a commit, or refuse it where the stack says so.

    Why: a branch or a tag can move between the preview and the next start of a server; what was checked is then not
    what is served. A lock pins its commit, and a folder has none.
    Example: `source: hf://Qwen/Qwen3-32B` without `revision`, or `revision: main`.
    Fix: set `revision` to the commit in the help; `python -m validation pin` writes it into the stack file.
    Source: vllm-project/production-stack pull request 961.
    """
    facts = subject.facts
    if facts.origin is not Origin.HUB:
        yield skipped("a folder has no commit, and a lock pins its own")
    elif not _COMMIT.fullmatch(facts.revision):
        what = f"revision `{facts.revision[:80]}` can move" if facts.revision else "no revision is set"
        pinned = f"set `revision` to {facts.commit}" if facts.commit else "set `revision` to a commit"
        yield Answer(
            message=f"{what}: what was checked may not be what is served",
            help=pinned,
            severity=Severity.ERROR if subject.wish.require_pinned else None,
            where=subject.wish.where("revision"),
        )


RULES = (Rule(name="revision-unpinned", severity=Severity.WARNING, check=unpinned, requires=ACCESS),)
