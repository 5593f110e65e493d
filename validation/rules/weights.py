"""Rules on the weights' files: in safetensors, and nothing that runs code."""

import posixpath
import re
from collections.abc import Iterator, Mapping

from validation.facts import File, RepositoryFacts
from validation.finding import Place, Severity
from validation.rules.access import ACCESS
from validation.rules.rule import Answer, Rule, Subject, unknown

INDEX = "model.safetensors.index.json"
SHOWN = 3  # names in one message

# Formats that run code of their author when they are loaded, or may: pickle, and Keras' lambda layers.
UNSAFE: Mapping[str, str] = {
    ".bin": "pickle",
    ".pt": "pickle",
    ".pth": "pickle",
    ".ckpt": "pickle",
    ".pkl": "pickle",
    ".pickle": "pickle",
    ".joblib": "pickle",
    ".npz": "NumPy, which may hold pickled objects",
    ".npy": "NumPy, which may hold pickled objects",
    ".h5": "Keras",
    ".hdf5": "Keras",
    ".keras": "Keras",
    ".msgpack": "Flax",
}
# Formats that run nothing, and that the engine does not load.
UNSUPPORTED: Mapping[str, str] = {
    ".gguf": "GGUF",
    ".ggml": "GGML",
    ".onnx": "ONNX",
    ".tflite": "TensorFlow Lite",
    ".mlmodel": "Core ML",
    ".ot": "rust-bert",
    ".engine": "TensorRT",
}
_TRAINING = re.compile(r"(^|/)(training_args|optimizer|scheduler|rng_state\w*|scaler|global_step\w*|events)[^/]*$")
_ADAPTER = "adapter_model.safetensors"


def no_weights(subject: Subject) -> Iterator[Answer]:
    """Require weights in safetensors at the top of the repository.

    Why: a server that finds no weights stops after the GPU was rented. Safetensors is the one format that is accepted.
    Example: a repository with config.json and tokenizer.json alone, or one whose weights stand in a subfolder.
    Fix: save the model with `save_pretrained(folder, safe_serialization=True)` at the top of the repository.
    Source: the contract, "Model weights in the .safetensors format".
    """
    facts = subject.facts
    if safetensors(facts) or _of(facts, UNSAFE) or _of(facts, UNSUPPORTED):
        return
    nested = next((file.path for file in facts.files if file.path.endswith(".safetensors")), "")
    folder = nested.rpartition("/")[0]
    yield Answer(
        message=f"no weights at the top, they stand in `{folder}`" if folder else "no weights in the repository",
        help=f"move the files of `{folder}` to the top of the repository"
        if folder
        else "save the model with `model.save_pretrained(folder, safe_serialization=True)`",
    )


def only_unsafe(subject: Subject) -> Iterator[Answer]:
    """Refuse weights that exist only in a format that can run code.

    Why: loading pickle runs whatever its author put into it, with the server's rights. Keras files can hold code too.
    Example: a repository with `pytorch_model.bin` and no safetensors.
    Fix: convert the weights to safetensors; the Hub's converter opens a pull request on the repository.
    Source: the contract, "Models using formats that allow arbitrary code execution, such as Python pickle, are not
    supported".
    """
    found = _of(subject.facts, UNSAFE)
    if found and not safetensors(subject.facts):
        kinds = sorted({UNSAFE[suffix(file.path)] for file in found})
        yield Answer(
            message=f"the only weights are in a format that can run code ({', '.join(kinds)}): {names(found)}",
            help="convert them with `save_pretrained(folder, safe_serialization=True)`, or at "
            "https://huggingface.co/spaces/safetensors/convert",
            where=Place(path=found[0].path),
        )


def only_unsupported(subject: Subject) -> Iterator[Answer]:
    """Refuse weights that exist only in a format that the engine does not load.

    Why: GGUF, ONNX and the like are made for other engines; vLLM 0.33 has no loader for them in its tree.
    Example: a repository with `model-Q4_K_M.gguf` alone.
    Fix: take the repository it was converted from, or a quantization that vLLM loads (AWQ, GPTQ, FP8, NVFP4).
    Source: the contract, "Model weights in the .safetensors format".
    """
    found = _of(subject.facts, UNSUPPORTED)
    if found and not safetensors(subject.facts) and not _of(subject.facts, UNSAFE):
        kinds = sorted({UNSUPPORTED[suffix(file.path)] for file in found})
        yield Answer(
            message=f"the only weights are {', '.join(kinds)}, which vLLM does not load: {names(found)}",
            help="take the repository that these were converted from, or an AWQ, GPTQ or FP8 one of the same model",
            where=Place(path=found[0].path),
        )


def unsafe_beside(subject: Subject) -> Iterator[Answer]:
    """Note files that can run code, or are GGUF, beside the safetensors: never loaded and never downloaded.

    Why: the server is started with `--load-format safetensors`, so vLLM never falls back to them.
    Example: `pytorch_model.bin` beside `model.safetensors`, or `training_args.bin` of a training run.
    Fix: nothing; deleting them makes the repository smaller and its scan clean.
    Source: the contract's security notice; vLLM's load_format, whose `auto` falls back to pickle.
    """
    found = [*_of(subject.facts, UNSAFE), *(file for file in subject.facts.files if _TRAINING.search(file.path))]
    found = [file for file in found if suffix(file.path) in UNSAFE]
    if not safetensors(subject.facts):
        return
    if converted := [file for file in subject.facts.files if suffix(file.path) == ".gguf"]:
        yield Answer(
            message=f"{names(converted)}: GGUF, which vLLM does not load",
            help="nothing has to be done; without them the repository is smaller",
            where=Place(path=converted[0].path),
        )
    if found:
        yield Answer(
            message=f"{names(found)} can run code, and {'is' if len(found) == 1 else 'are'} never loaded",
            help="nothing has to be done; without them the repository is smaller",
            where=Place(path=found[0].path),
        )


def adapter(subject: Subject) -> Iterator[Answer]:
    """Refuse a repository whose weights are only an adapter.

    Why: a LoRA adapter is a difference to a base model and cannot be served by itself.
    Example: `adapter_model.safetensors` and `adapter_config.json` of a PEFT training.
    Fix: merge the adapter into its base model, and publish the result; or serve it beside its base: `adapters`.
    Source: PEFT's file names; the contract's required files.
    """
    tops = safetensors(subject.facts)
    if tops and all(file.path == _ADAPTER for file in tops):
        yield Answer(
            message="the only weights are a LoRA adapter",
            help="merge it into its base model (`merge_and_unload`), or state it under `adapters` of that model",
            where=Place(path=_ADAPTER),
        )


def duplicates(subject: Subject) -> Iterator[Answer]:
    """Note weights that the repository holds more than once.

    Why: only one set is loaded, and a careless download fetches both: time and disk for nothing. A file such as
    `model.fp16.safetensors` beside `model.safetensors` is worse: without an index vLLM loads both into one model.
    Example: `consolidated.safetensors` beside `model-00001-of-00002.safetensors`, as Mistral publishes them.
    Fix: nothing, the prefetch takes only the files that vLLM loads; in your own repository, delete one set.
    Source: vLLM's loader; vllm-project/vllm issue 7523.
    """
    tops = safetensors(subject.facts)
    consolidated = [file for file in tops if file.path.startswith("consolidated")]
    models = [file for file in tops if file.path.startswith("model")]
    variants = [
        file for file in models if re.match(r"model\.[a-z0-9_]+(-[0-9]{5}-of-[0-9]{5})?\.safetensors$", file.path)
    ]
    if consolidated and models:
        loaded = "consolidated" if subject.prediction.config_format == "mistral" else "model"
        yield Answer(
            message=f"the weights are there twice: {names(consolidated)}, and {names(models)}; {loaded}* is loaded",
            help="nothing has to be done; in your own repository, delete one set",
            where=Place(path=consolidated[0].path),
        )
    elif variants and len(variants) < len(models) and not subject.facts.has(INDEX):
        yield Answer(
            message=f"the weights are there in variants: {names(variants)}; vLLM loads them over each other",
            help="delete the variants, or move them to a branch of their own",
            severity=Severity.WARNING,
            where=Place(path=variants[0].path),
        )


def header_malformed(subject: Subject) -> Iterator[Answer]:
    """Require that the headers of the safetensors files are whole.

    Why: a header that lies about offsets, shapes or types stops the server, or makes it read what it should not. A
    Git LFS pointer of 130 bytes in place of the weights is found here as well.
    Example: a folder that was cloned without `git lfs pull`; a file that was cut off.
    Fix: upload the file again; in a clone run `git lfs pull`.
    Source: the safetensors format.
    """
    for problem in subject.facts.header_problems:
        if problem.unread:
            yield unknown(f"the header of {problem.path} could not be read", help="try again")
        else:
            yield Answer(
                message=f"{problem.path}: {problem.problem}",
                help="upload the file again; in a clone, run `git lfs pull`",
                where=Place(path=problem.path),
            )


def safetensors(facts: RepositoryFacts) -> tuple[File, ...]:
    """Return the safetensors files at the top of the repository."""
    return tuple(file for file in facts.files if file.path.endswith(".safetensors") and "/" not in file.path)


def suffix(path: str) -> str:
    """Return the suffix of a path with its dot, lower case."""
    return posixpath.splitext(path)[1].lower()


def names(files: "tuple[File, ...] | list[File]") -> str:
    """Return the first paths of files, and how many more there are."""
    return listing([file.path for file in files])


def listing(paths: list[str]) -> str:
    """Return the first paths, and how many more there are."""
    more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
    return ", ".join(paths[:SHOWN]) + more


def _of(facts: RepositoryFacts, formats: Mapping[str, str]) -> tuple[File, ...]:
    """Return the weight files of these formats; what a training run leaves beside them is none."""
    return tuple(file for file in facts.files if suffix(file.path) in formats and not _TRAINING.search(file.path))


RULES = (
    Rule(name="weights-missing", severity=Severity.ERROR, check=no_weights, requires=ACCESS),
    Rule(name="weights-only-unsafe", severity=Severity.ERROR, check=only_unsafe, requires=ACCESS),
    Rule(name="weights-only-unsupported", severity=Severity.ERROR, check=only_unsupported, requires=ACCESS),
    Rule(name="weights-unsafe-beside", severity=Severity.NOTE, check=unsafe_beside, requires=ACCESS),
    Rule(name="weights-only-adapter", severity=Severity.ERROR, check=adapter, requires=ACCESS),
    Rule(name="weights-duplicate", severity=Severity.NOTE, check=duplicates, requires=ACCESS),
    Rule(name="weights-header-malformed", severity=Severity.ERROR, check=header_malformed, requires=ACCESS),
)
