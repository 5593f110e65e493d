"""Two small tokenizers, written as the tokenizer.json that the `tokenizers` library reads."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

CHAT_SPECIALS = ("<|pad|>", "<|begin|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>")
BERT_SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_CORPUS = (
    "a slipway is where a ship is checked for the last time before it meets the water "
    "the model that could not be served fails the preview with the reason and the fix "
    "what was checked is what is deployed the same commit the same context the same graphics cards"
)


def byte_level(merges: int) -> dict[str, Any]:
    """Return a byte-level BPE tokenizer with so many merges, which reads and writes any text."""
    alphabet = _byte_alphabet()
    learned = _learn([f"Ġ{word}" for word in _CORPUS.split()], merges)
    tokens = [*CHAT_SPECIALS, *alphabet, *("".join(pair) for pair in learned)]
    level = {"add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": _added(CHAT_SPECIALS),
        "normalizer": None,
        "pre_tokenizer": {"type": "ByteLevel", **level},
        "post_processor": {"type": "ByteLevel", **level},
        "decoder": {"type": "ByteLevel", **level},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": _numbered(tokens),
            "merges": [list(pair) for pair in learned],
        },
    }


def word_piece() -> dict[str, Any]:
    """Return a lower-casing WordPiece tokenizer that puts [CLS] and [SEP] around a text."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,:;!?'-"
    words = sorted(set(_CORPUS.split()))
    tokens = dict.fromkeys([*BERT_SPECIALS, *letters, *(f"##{letter}" for letter in letters), *words])
    around = {name: {"id": name, "ids": [BERT_SPECIALS.index(name)], "tokens": [name]} for name in ("[CLS]", "[SEP]")}
    text, pair = ({"Sequence": {"id": name, "type_id": at}} for at, name in enumerate("AB"))
    cls, sep, last = (
        {"SpecialToken": {"id": name, "type_id": at}} for name, at in (("[CLS]", 0), ("[SEP]", 0), ("[SEP]", 1))
    )
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": _added(BERT_SPECIALS),
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [cls, text, sep],
            "pair": [cls, text, sep, pair, last],
            "special_tokens": around,
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": _numbered(tokens),
        },
    }


def size(tokenizer: Mapping[str, Any]) -> int:
    """Return how many tokens the tokenizer has."""
    return len(tokenizer["model"]["vocab"])


def _numbered(tokens: Iterable[str]) -> dict[str, int]:
    return {token: number for number, token in enumerate(tokens)}


def _added(names: Sequence[str]) -> list[dict[str, Any]]:
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return [{"id": number, "content": name, **flags} for number, name in enumerate(names)]


def _byte_alphabet() -> list[str]:
    """Return the 256 characters that stand for the bytes, as GPT-2 assigned them."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + number) for number in range(len(others))]


def _learn(words: Iterable[str], merges: int) -> list[tuple[str, str]]:
    """Return the merges that byte pair encoding learns: the most frequent pair first, ties in the order of the text."""
    counts = Counter(tuple(word) for word in words)
    learned: list[tuple[str, str]] = []
    while len(learned) < merges:
        pairs: Counter[tuple[str, str]] = Counter()
        for symbols, count in counts.items():
            for pair in pairwise(symbols):
                pairs[pair] += count
        if not pairs:
            break
        best = pairs.most_common(1)[0][0]
        learned.append(best)
        counts = Counter({_merged(symbols, best): count for symbols, count in counts.items()})
    return learned


def _merged(symbols: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    result: list[str] = []
    for symbol in symbols:
        if result and (result[-1], symbol) == pair:
            result[-1] = "".join(pair)
        else:
            result.append(symbol)
    return tuple(result)
