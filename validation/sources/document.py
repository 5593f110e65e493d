"""The small files of a repository: which are read, and what is made of their bytes."""

import re
from collections.abc import Iterable

from validation.facts import Document, File, Text
from validation.jsontext import JsonError, parse, parse_object

MAX_DOCUMENT_BYTES = 8 << 20
MAX_INDEX_BYTES = 16 << 20  # an index of 10^5 tensors has some 10 MiB
MAX_TEXT_BYTES = 1 << 20  # the longest real template stays under 40 KiB
MAX_POOLINGS = 8
ADAPTER = "adapter_model.safetensors"
INDEX = "model.safetensors.index.json"
CONSOLIDATED_INDEX = "consolidated.safetensors.index.json"
ARRAYS = {"modules.json": "modules"}  # files that hold an array, and the key under which a document keeps it
TEXTS = frozenset({"chat_template.jinja"})
DOCUMENTS = frozenset(
    {
        "adapter_config.json",
        "chat_template.json",
        "config.json",
        "config_sentence_transformers.json",
        "decision_config.json",
        "generation_config.json",
        "hf_quant_config.json",
        "joint_head_config.json",
        "modules.json",
        "params.json",
        "preprocessor_config.json",
        "processor_config.json",
        "sentence_bert_config.json",
        "tokenizer_config.json",
        "video_preprocessor_config.json",
        CONSOLIDATED_INDEX,
        INDEX,
    }
)
_SHARD = re.compile(r"model-[0-9]{5,6}-of-[0-9]{5,6}\.safetensors")
_POOLING = re.compile(r"[0-9]{1,2}_[A-Za-z]{1,40}/config\.json")


def wanted(paths: Iterable[str]) -> tuple[str, ...]:
    """Return which of a repository's paths are read, sorted."""
    known = [path for path in paths if path in DOCUMENTS or path in TEXTS or _POOLING.fullmatch(path)]
    poolings = [path for path in sorted(known) if "/" in path]
    return tuple(sorted(path for path in known if path not in poolings[MAX_POOLINGS:]))


def is_shard(path: str) -> bool:
    """Return whether a file has the name that transformers gives to a part of a model: an index will name it."""
    return _SHARD.fullmatch(path) is not None


def max_bytes(path: str) -> int:
    """Return how large a file may be for this project to read it."""
    if path in TEXTS:
        return MAX_TEXT_BYTES
    return MAX_INDEX_BYTES if path.endswith(".index.json") else MAX_DOCUMENT_BYTES


def too_large(path: str) -> str:
    """Return the reason why a file is not read."""
    return f"is larger than {max_bytes(path) >> 20} MiB"


def read_document(path: str, data: bytes) -> Document:
    """Return the document of these bytes, or what is wrong with them."""
    try:
        if path in ARRAYS:
            value = parse(data, max_bytes(path))
            return Document(path=path, value=value if isinstance(value, dict) else {ARRAYS[path]: value})
        return Document(path=path, value=parse_object(data, max_bytes(path)))
    except JsonError as error:
        return Document(path=path, problem=error.reason, line=error.line, column=error.column)


def read_text(path: str, data: bytes) -> Text:
    """Return the text of these bytes, or what is wrong with them."""
    try:
        return Text(path=path, value=data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return Text(path=path, problem=f"is not UTF-8 at byte {error.start}")


def weight_files(files: Iterable[File], index: Document | None) -> tuple[File, ...]:
    """Return the safetensors files whose headers describe the model once: those of the index, else all at the root.

    Mistral's consolidated files are left out where others stand beside them: they hold the same weights again.
    """
    found = [file for file in files if file.path.endswith(".safetensors") and "/" not in file.path]
    weight_map = index.value.get("weight_map") if index is not None and index.value is not None else None
    if isinstance(weight_map, dict):
        named = {name for name in weight_map.values() if isinstance(name, str)}
        return tuple(file for file in found if file.path in named)
    others = [file for file in found if not file.path.startswith("consolidated")]
    return tuple(others or found)
