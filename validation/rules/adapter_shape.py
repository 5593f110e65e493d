"""Rules on whether the matrices of a LoRA adapter fit the modules of the model that it is served with."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from validation import fit
from validation.adapter import Adapter, Layer, layers
from validation.data import Data
from validation.engine.config import ResolvedConfig, resolved_config
from validation.engine.lora import lora_support
from validation.facts import RepositoryFacts
from validation.finding import Severity
from validation.rules.adapter import NONE, listing, read, say
from validation.rules.config import CONFIG
from validation.rules.rule import Answer, Rule, Subject
from validation.rules.weights import INDEX

if TYPE_CHECKING:
    from validation.fit.module import Size

EMBEDDINGS = frozenset({"embed_tokens", "lm_head", "wte"})
_LAYER = r"(?:^|\.)(?:layers|h|blocks)\.(\d{1,6})\."
_TOWER = r"(^|\.)(visual|vision\w*|image_\w+|audio\w*|speech\w*|multi_modal_projector|mm_projector|merger)\."
_EXPERTS = r"\.(experts|block_sparse_moe|shared_experts?)\b"
_PARTS = frozenset({"weight", "qweight", "weight_packed"})  # of a linear module, plain or quantized
_STORED = frozenset({"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"})  # dtypes that keep the shape of the module
_MATRIX = 2


def modules_known(subject: Subject) -> Iterator[Answer]:
    """Require that the model has the modules that the adapter changes, and that vLLM adapts them.

    Why: vLLM compares the last parts of the modules' names with what the model has, and refuses the adapter when one is
    missing. A layer beyond the model's last one it leaves out without a word. Embeddings and the output head take
    adapters in some architectures only.
    Example: `q_proj` for Phi-3, which has one `qkv_proj`; layer 31 of a model of 28; `lm_head` of a Qwen2.
    Fix: choose the adapter of this model; train without the modules that are named.
    Source: vllm/lora/lora_model.py (check_unexpected_modules); `embedding_modules` of vLLM's classes.
    """
    if not subject.adapters:
        yield NONE
        return
    base = _Base.of(subject)
    for adapter in read(subject):
        own = [layer for layer in layers(adapter.facts.tensors) if not _is_tower(layer.module)]
        if absent := sorted({layer.kind for layer in own if base.lacks(layer)}):
            message = f"it changes {listing(absent)}, and the model has no such modules"
            yield say(subject, adapter, message, "choose an adapter that was trained on this model")
        if refused := sorted({layer.kind for layer in own if base.refuses(layer)}):
            message = f"it changes {listing(refused)}, where vLLM takes no adapters of `{base.architecture}`"
            yield say(subject, adapter, message, "train it without, or merge it into its base model")
        if beyond := [number for number in map(_number, own) if number is not None and number >= base.count > 0]:
            message = f"it changes layer {max(beyond)}, and the model's last one is {base.count - 1}"
            yield say(subject, adapter, message, "choose an adapter that was trained on this model")


def shapes_fit(subject: Subject) -> Iterator[Answer]:
    """Require that the adapter's matrices have the sizes of the modules that they change.

    Why: vLLM copies each matrix into a buffer of the module's size. A larger one stops the server; a smaller one fits
    into a corner of the buffer, without an error, and the answers are nonsense. The rank of the matrices has to be the
    one that the configuration states, since the scale is computed from it.
    Example: an adapter of a 7B model beside the 14B of the same family.
    Fix: choose the adapter of this model; save the adapter again where its two files disagree.
    Source: vllm/lora/layers/base_linear.py (set_lora).
    """
    if not subject.adapters:
        yield NONE
        return
    base = _Base.of(subject)
    for adapter in read(subject):
        found = layers(adapter.facts.tensors)
        half = [layer.module for layer in found if layer.a is None or layer.b is None]
        if half:
            yield say(
                subject, adapter, f"one of two matrices is missing for {listing(half)}", "upload the adapter again"
            )
        wrong = [text for layer in found if not _is_tower(layer.module) for text in base.disagreements(layer)]
        if wrong:
            more = f" ({len(wrong) - 1} more)" if len(wrong) > 1 else ""
            yield say(subject, adapter, f"{wrong[0]}{more}", "choose an adapter that was trained on this model")
        ranks = sorted({layer.rank for layer in found if layer.rank is not None} - _ranks(adapter))
        if ranks and adapter.rank is not None:
            message = f"its matrices have rank {ranks[0]}, and its configuration says {adapter.rank}"
            yield say(subject, adapter, message, "save the adapter again, so that both files are of one training")


def towers_ignored(subject: Subject) -> Iterator[Answer]:
    """Warn about the parts of an adapter that vLLM leaves out: those on the encoders of images and sound.

    Why: vLLM applies adapters to the language model; what was trained in a vision tower is left out without a word, so
    the answers differ from those in training. Its experimental flag for towers is not set by Slipway.
    Example: an adapter of a Qwen2.5-VL trained with `target_modules: all-linear`.
    Fix: train the language model's modules only, or merge the adapter into its base model.
    Source: vllm/lora/model_manager.py; `--enable-tower-connector-lora`.
    """
    if not subject.adapters:
        yield NONE
        return
    for adapter in read(subject):
        found = [layer.module for layer in layers(adapter.facts.tensors) if _is_tower(layer.module)]
        if found:
            message = f"vLLM leaves out what it changes outside of the language model: {listing(found)}"
            yield say(subject, adapter, message, "train the language model's modules only, or merge the adapter")


def experts_laid_out(subject: Subject) -> Iterator[Answer]:
    """Require the adapter's experts in the layout that vLLM has for the model: one by one, or as one tensor.

    Why: PEFT saves experts either way, by `target_modules` or by `target_parameters`. For each architecture vLLM loads
    one of the two; the other stops the server, or is left out.
    Example: `experts.0.gate_proj` for GPT-OSS, whose experts are one tensor; `experts.base_layer` for Qwen3-MoE.
    Fix: train with the other of the two settings of PEFT, or merge the adapter into its base model.
    Source: `is_3d_moe_weight` of vLLM's classes; vllm/lora/model_manager.py (_validate_moe_lora_format).
    """
    if not subject.adapters:
        yield NONE
        return
    name = subject.prediction.architecture
    wanted = name in lora_support(subject.engine.version).fused_experts
    for adapter in read(subject) if name in subject.engine.architectures else ():
        found = layers(adapter.facts.tensors)
        wrong = [layer.module for layer in found if (_is_expert(layer.module) if wanted else layer.fuses_experts)]
        if wrong:
            form = "as one tensor a layer" if wanted else "one by one"
            message = f"it changes {wrong[0][-80:]}, and vLLM loads adapters on the experts of `{name}` {form}"
            setting = "target_parameters" if wanted else "target_modules"
            yield say(subject, adapter, message, f"train it with PEFT's `{setting}`, or merge it into its base model")


class _Base(Data):
    """What is known of the model's modules: from its headers or index, and from its configuration."""

    kinds: frozenset[str]  # last parts of the names of its modules; empty when they are not known
    stored: "Mapping[str, Size]"  # by module, without what families put in front of `layers`
    config: ResolvedConfig
    count: int
    vocabulary: int
    architecture: str
    embeddings: frozenset[str] | None  # that take adapters; None when that is not known

    @classmethod
    def of(cls, subject: Subject) -> "_Base":
        config = resolved_config(subject.facts, subject.engine)
        text = fit.shape.language(config)
        answer, support = subject.prediction, lora_support(subject.engine.version)
        unsure = answer.multimodal or answer.transformers_backend or answer.architecture in support.unsure
        kinds = _kinds(subject.facts) if answer.config_format != "mistral" else frozenset()
        return cls(
            kinds=kinds,
            stored=_stored(subject.facts),
            config=config,
            count=fit.layertype.layer_count(text),
            vocabulary=text.integer("vocab_size") or 0,
            architecture=answer.architecture,
            embeddings=None
            if unsure or answer.architecture not in subject.engine.architectures
            else support.embeddings.get(answer.architecture, frozenset()),
        )

    def lacks(self, layer: Layer) -> bool:
        """Return whether the model has no module of this name; experts are named in too many ways to tell."""
        other = layer.kind in EMBEDDINGS or re.search(_EXPERTS, layer.module) or layer.kind in {"base_layer", "experts"}
        return bool(self.kinds) and not other and layer.kind not in self.kinds

    def refuses(self, layer: Layer) -> bool:
        """Return whether vLLM takes no adapter on this embedding or output head."""
        return self.embeddings is not None and layer.kind in EMBEDDINGS and layer.kind not in self.embeddings

    def disagreements(self, layer: Layer) -> Iterator[str]:
        """Yield how a module's matrices differ from the module."""
        size = self._size(layer)
        inputs = layer.a.shape[1] if layer.a is not None and len(layer.a.shape) == _MATRIX else None
        outputs = layer.b.shape[0] if layer.b is not None and len(layer.b.shape) == _MATRIX else None
        for word, own, wanted in (("inputs", inputs, size.inputs), ("outputs", outputs, size.outputs)):
            if own is not None and wanted is not None and own != wanted:
                yield f"its {layer.module[-80:]} has {own} {word}, the model's has {wanted}"

    def _size(self, layer: Layer) -> "Size":
        if layer.embeds:
            return fit.module.Size(inputs=self.vocabulary or None)
        if re.search(_EXPERTS, layer.module):
            return fit.module.Size()
        number = _number(layer)
        known = self.stored.get(_short(layer.module))
        return known or (fit.module.module_sizes(self.config, number) if number is not None else {}).get(
            layer.kind, fit.module.Size()
        )


def _kinds(facts: RepositoryFacts) -> frozenset[str]:
    named = facts.document(INDEX).get("weight_map")
    names = [*(named if isinstance(named, dict) else ()), *(tensor.name for tensor in facts.tensors)]
    parts = (name.rsplit(".", 2) for name in names)
    return frozenset(part[-2] for part in parts if len(part) > 1 and part[-1] in _PARTS)


def _stored(facts: RepositoryFacts) -> "dict[str, Size]":
    """Return the sizes that the headers of the model's weights state, where quantization leaves them as they are."""
    found: dict[str, set[Size]] = {}
    for tensor in facts.tensors:
        module = tensor.name.removesuffix(".weight")
        if module != tensor.name and len(tensor.shape) == _MATRIX and tensor.dtype in _STORED and not _is_tower(module):
            size = fit.module.Size(inputs=tensor.shape[1], outputs=tensor.shape[0])
            found.setdefault(_short(module), set()).add(size)
    return {module: sizes.pop() for module, sizes in found.items() if len(sizes) == 1}


def _short(module: str) -> str:
    """Return a module's name from its layer on, since versions of transformers differ in what stands before."""
    found = re.search(_LAYER, module)
    return module[found.start() :].lstrip(".") if found else module.rpartition(".")[2]


def _number(layer: Layer) -> int | None:
    found = re.search(_LAYER, layer.module)
    return int(found[1]) if found else None


def _is_tower(module: str) -> bool:
    return re.search(_TOWER, f"{module}.") is not None


def _is_expert(module: str) -> bool:
    return re.search(r"\.experts\.\d", module) is not None


def _ranks(adapter: Adapter) -> set[int]:
    return {rank for rank in (adapter.rank, *adapter.patterns.values()) if rank is not None}


RULES = (
    Rule(name="adapter-module-unknown", severity=Severity.ERROR, check=modules_known, requires=CONFIG),
    Rule(name="adapter-shape-mismatch", severity=Severity.ERROR, check=shapes_fit, requires=CONFIG),
    Rule(name="adapter-experts-layout", severity=Severity.ERROR, check=experts_laid_out, requires=CONFIG),
    Rule(name="adapter-tower-ignored", severity=Severity.WARNING, check=towers_ignored),
)
