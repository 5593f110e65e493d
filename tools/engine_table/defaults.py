"""What a vLLM version decides by itself: memory share, batch sizes, name suffixes, length rules, serve flags."""

import ast
from collections.abc import Iterator

from tools.engine_table import literal
from tools.engine_table.archive import Sources

ARGUMENTS = "vllm/engine/arg_utils.py"
FLAG_FILES = (
    ARGUMENTS,
    "vllm/entrypoints/openai/cli_args.py",
    "vllm/entrypoints/launchers/cli_args.py",
    "vllm/entrypoints/common/cli_args.py",
    "vllm/entrypoints/cli/serve.py",
    "vllm/utils/argparse_utils.py",
)
FLAG_CLASSES = {"FrontendArgs", "BaseFrontendArgs"}


def model_config(sources: Sources) -> ast.Module:
    """Return the module that defines ModelConfig: config/model.py, before 0.11 config/__init__.py."""
    path = "vllm/config/model.py"
    return sources.tree(path if sources.has(path) else "vllm/config/__init__.py")


def engine(sources: Sources) -> dict[str, object]:
    """Return gpu_memory_utilization and block_size."""
    fields = dict(_fields(sources.tree("vllm/config/cache.py"), {"CacheConfig"}))
    share = fields["gpu_memory_utilization"]
    numbers = [part.value for part in ast.walk(share) if isinstance(part, ast.Constant)]
    block = literal.value(fields.get("DEFAULT_BLOCK_SIZE"))
    return {"gpu_memory_utilization": numbers[0], "block_size": block if isinstance(block, int) else 16}


def batches(sources: Sources) -> list[list[object]]:
    """Return the tiers of batch defaults of the API server: at least GiB, not on, batched tokens, sequences."""
    found: list[list[object]] = []
    for node in ast.walk(sources.tree(ARGUMENTS)):
        if (
            isinstance(node, ast.If)
            and "GiB_bytes" in ast.unparse(node.test)
            and "device_memory" in ast.unparse(node.test)
        ):
            found.append([_gibibytes(node.test), " ".join(literal.strings(node.test)), *_batch(node.body)])
            if node.orelse and not isinstance(node.orelse[0], ast.If):
                found.append([0, "", *_batch(node.orelse)])
    return found


def _gibibytes(test: ast.expr) -> int:
    products = [node for node in ast.walk(test) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)]
    return next(int(value) for product in products if (value := literal.value(product.left)) is not literal.UNKNOWN)


def _batch(body: list[ast.stmt]) -> Iterator[int]:
    for name in ("default_max_num_batched_tokens", "default_max_num_seqs"):
        mapping = literal.assigned(ast.Module(body=body, type_ignores=[]), name)
        if isinstance(mapping, ast.Dict):
            pairs = zip(mapping.keys, mapping.values, strict=True)
            yield next(literal.value(item) for key, item in pairs if key and "API_SERVER" in ast.unparse(key))


def suffixes(sources: Sources) -> list[list[str]]:
    """Return suffix, runner and conversion of architecture names, in vLLM's order."""
    table = literal.value(literal.assigned(model_config(sources), "_SUFFIX_TO_DEFAULTS"))
    return [[suffix, runner, convert] for suffix, (runner, convert) in table]


def length(sources: Sources) -> dict[str, list[str]]:
    """Return the keys that state a length, and the rope types whose factor does not multiply it."""
    convertor = "vllm/transformers_utils/model_arch_config_convertor.py"
    trees = [model_config(sources), *([sources.tree(convertor)] if sources.has(convertor) else [])]
    keys: list[str] = []
    unscaled: list[str] = []
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "possible_keys":
            keys = keys or literal.strings(node.value)
        if (
            isinstance(node, ast.Compare)
            and ast.unparse(node.left) == "rope_type"
            and isinstance(node.ops[0], ast.NotIn)
        ):
            unscaled = unscaled or literal.strings(node.comparators[0])
    return {"keys": keys, "unscaled_ropes": unscaled}


def mla_types(sources: Sources) -> list[str]:
    """Return the model types that vLLM serves with multi-head latent attention."""
    convertor = "vllm/transformers_utils/model_arch_config_convertor.py"
    tree = sources.tree(convertor) if sources.has(convertor) else model_config(sources)
    functions = [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "is_deepseek_mla"
    ]
    compares = [node for function in functions for node in ast.walk(function) if isinstance(node, ast.Compare)]
    names = [
        name for node in compares if isinstance(node.ops[0], ast.In) for name in literal.strings(node.comparators[0])
    ]
    return sorted(set(names))


def float16_refused(sources: Sources) -> list[str]:
    """Return the model types that vLLM does not serve in float16."""
    tree = model_config(sources)
    return sorted(literal.dictionary(tree, literal.assigned(tree, "_FLOAT16_NOT_SUPPORTED_MODELS")))


def lora_ranks(sources: Sources) -> list[int]:
    """Return the values that ``--max-lora-rank`` takes; none where the version does not list them."""
    tree = sources.tree("vllm/config/lora.py")
    assigns = [node for node in ast.walk(tree) if isinstance(node, ast.Assign)]
    named = [node.value for node in assigns if ast.unparse(node.targets[0]) in {"MaxLoRARanks", "possible_max_ranks"}]
    constants = [part.value for node in named for part in ast.walk(node) if isinstance(part, ast.Constant)]
    return [number for number in constants if isinstance(number, int)]


def flags(sources: Sources) -> list[str]:
    """Return the flags of ``vllm serve`` without dashes: those named outright, and the front end's fields."""
    found: set[str] = set()
    for path in (path for path in FLAG_FILES if sources.has(path)):
        tree = sources.tree(path)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("add_argument"):
                names = [name for argument in node.args for name in literal.strings(argument)]
                found.update(name[2:] for name in names if name.startswith("--"))
        found.update(name.replace("_", "-") for name, _ in _fields(tree, FLAG_CLASSES))
    return sorted(found - {"help", ""})


def _fields(tree: ast.Module, names: set[str]) -> Iterator[tuple[str, ast.expr]]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name in names:
            for item in node.body:
                if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name) and item.value is not None:
                    yield item.target.id, item.value
