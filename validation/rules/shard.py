"""Rules on weights in several files: the index and the shards."""

import re
from collections.abc import Iterator, Mapping

from validation.facts import RepositoryFacts
from validation.finding import Place, Severity
from validation.rules.access import ACCESS
from validation.rules.rule import Answer, Rule, Subject, skipped, unknown
from validation.rules.weights import INDEX, listing, names, safetensors

_SHARD = re.compile(r"^(?P<stem>.+)-(?P<number>[0-9]{5})-of-(?P<total>[0-9]{5})\.safetensors$")


def index_malformed(subject: Subject) -> Iterator[Answer]:
    """Require that the index of sharded weights is a map from tensor names to files at the top.

    Why: vLLM and transformers read it to learn which files hold the weights.
    Example: an index that is no JSON, lacks `weight_map`, or names `../other/model.safetensors`.
    Fix: make the index anew with `save_pretrained`.
    Source: the format of sharded checkpoints (`model.safetensors.index.json`).
    """
    facts = subject.facts
    if not facts.has(INDEX):
        yield skipped("the weights have no index")
        return
    found = facts.documents.get(INDEX)
    if found is None or found.unread:
        yield unknown("the index of the weights could not be read from the Hub", help="try again")
        return
    problem = (
        found.problem or "is not a JSON object"
        if found.value is None
        else _index_problem(found.value.get("weight_map"))
    )
    if problem:
        yield Answer(
            message=f"{INDEX} {problem}",
            help="make the index anew with `model.save_pretrained(folder)`",
            where=Place(path=INDEX, line=found.line, column=found.column),
        )


def _index_problem(weight_map: object) -> str:
    if not isinstance(weight_map, dict) or not weight_map:
        return "has no `weight_map`, or an empty one"
    if not all(isinstance(name, str) for name in weight_map.values()):
        return "maps a tensor to something that is no file name"
    if any(name.startswith("/") or ".." in name.split("/") or "\\" in name for name in weight_map.values()):
        return "names a file outside the repository"
    return ""


def shard_missing(subject: Subject) -> Iterator[Answer]:
    """Require every file that the weights' index names, and every shard of a numbered set.

    Why: the server reads the index first and stops at the first file that is not there; without an index vLLM starts
    with the shards it has, and answers nonsense or fails on missing tensors.
    Example: `model-00002-of-00002.safetensors` in the index of an upload that was cut off.
    Fix: upload the missing files, or make the index anew with `save_pretrained`.
    Source: vLLM's DefaultModelLoader; the format of sharded checkpoints.
    """
    facts = subject.facts
    present = {file.path for file in facts.files}
    absent = sorted({name for name in _index(facts).values() if name not in present})
    if not absent:
        absent = sorted(_gaps({path for path in present if "/" not in path}))
    if absent:
        yield Answer(
            message=f"{len(absent)} weight {'file is' if len(absent) == 1 else 'files are'} missing: {listing(absent)}",
            help="upload the missing files, or save the model anew with `save_pretrained`",
            where=Place(path=INDEX if facts.has(INDEX) else absent[0]),
        )


def shard_unindexed(subject: Subject) -> Iterator[Answer]:
    """Warn about shards that the index does not name, and about a set of shards without an index.

    Why: vLLM loads what the index names and ignores the rest, so weights may be older than they look. Without an
    index vLLM loads every safetensors file, and transformers none.
    Example: `model-00003-of-00003.safetensors` left from an earlier upload with other shards.
    Fix: delete the left-over files, or make the index anew with `save_pretrained`.
    Source: vLLM's filter_duplicate_safetensors_files.
    """
    facts = subject.facts
    shards = [
        file for file in safetensors(facts) if _SHARD.match(file.path) and not file.path.startswith("consolidated")
    ]
    named = set(_index(facts).values())
    left = [file for file in shards if file.path not in named]
    if not left:
        return
    if not facts.has(INDEX):
        yield Answer(
            message=f"{len(left)} shards have no {INDEX}",
            help="save the model anew with `save_pretrained`, which writes the index",
            severity=Severity.NOTE,
            where=Place(path=left[0].path),
        )
    elif named:
        yield Answer(
            message=f"the index does not name {names(left)}: never loaded",
            help="delete what is left from an earlier upload, or make the index anew",
            where=Place(path=left[0].path),
        )


def _index(facts: RepositoryFacts) -> Mapping[str, str]:
    found = facts.document(INDEX).get("weight_map")
    pairs = found.items() if isinstance(found, dict) else ()
    return {tensor: name for tensor, name in pairs if isinstance(name, str)}


def _gaps(paths: set[str]) -> Iterator[str]:
    """Yield the shards that the numbers of the others promise, for sets of a sane size."""
    matches = [match for match in map(_SHARD.match, paths) if match is not None]
    for stem, total in {(match["stem"], match["total"]) for match in matches}:
        count = min(int(total), 10 * len(matches) + 100)
        wanted = (f"{stem}-{number:05}-of-{total}.safetensors" for number in range(1, count + 1))
        yield from (path for path in wanted if path not in paths)


RULES = (
    Rule(name="weights-index-malformed", severity=Severity.ERROR, check=index_malformed, requires=ACCESS),
    Rule(
        name="weights-shard-missing",
        severity=Severity.ERROR,
        check=shard_missing,
        requires=(*ACCESS, "weights-index-malformed"),
    ),
    Rule(
        name="weights-shard-unindexed",
        severity=Severity.WARNING,
        check=shard_unindexed,
        requires=(*ACCESS, "weights-index-malformed"),
    ),
)
