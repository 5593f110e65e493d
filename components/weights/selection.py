"""Which files of a repository the server needs: the weights that the engine picks, and the small files around them."""

import re
from collections.abc import Collection, Sequence

from components.weights.args import WeightFileArgs

NEEDED_ENDINGS = (".json", ".jsonl", ".txt", ".model", ".jinja", ".tiktoken", ".yaml", ".yml")
TEKKEN = re.compile(r"(^|/)tokenizer\.model\.v\d+")
MODULE_WEIGHTS = re.compile(r"^\d+_\w+/model\.safetensors$")  # a sentence-transformers module, like 2_Dense
LEGAL = re.compile(r"^(LICEN[CS]E|NOTICE|USE_POLICY)[^/]*$", re.IGNORECASE)
FOREIGN = re.compile(r"^(onnx|openvino|coreml|original|metal|gguf|runs|logs|\.[^/]+)/")


def server_files(
    files: Sequence[WeightFileArgs], weight_files: Collection[str], *, remote_code: bool = False
) -> list[WeightFileArgs]:
    """Return the files to fetch, by path; pickles, other formats and code are never among them.

    ``weight_files`` is the set the engine would load; ``remote_code`` adds the repository's Python files.
    """
    chosen = [
        each for each in files if each["path"] in weight_files or _is_needed(each["path"], remote_code=remote_code)
    ]
    return sorted(chosen, key=lambda file: file["path"])


def adapter_folder(name: str) -> str:
    """Return where an adapter lies in its model's folder: no file of a model is fetched from a folder with a dot."""
    return f".adapters/{name}"


def adapter_files(
    name: str, repository: str, commit: str, files: Sequence[WeightFileArgs], wanted: Collection[str]
) -> list[WeightFileArgs]:
    """Return an adapter's files as they lie beside its model, with where they come from."""
    return [
        WeightFileArgs(
            **{**each, "path": f"{adapter_folder(name)}/{each['path']}"},
            repository=repository,
            commit=commit,
            source=each["path"],
        )
        for each in sorted(files, key=lambda file: file["path"])
        if each["path"] in wanted
    ]


def _is_needed(path: str, *, remote_code: bool) -> bool:
    if FOREIGN.match(path):
        return False
    if path.endswith(".py"):
        return remote_code
    return bool(path.endswith(NEEDED_ENDINGS) or TEKKEN.search(path) or MODULE_WEIGHTS.match(path) or LEGAL.match(path))
