"""How vLLM packs layers with pages of different sizes side by side (DeepSeek V4).

The algorithm is ``_get_packed_kv_cache_groups`` in vllm/v1/core/kv_cache_utils.py (0.32.0).
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from validation.fit.layer import Kind, LayerCache

_Bucket = list[LayerCache]


def packed_groups(layers: Sequence[LayerCache]) -> Iterator[tuple[LayerCache, ...]]:
    """Yield the layers of each group: those that need the same slots, split to equal repeats of their pattern."""
    buckets = _buckets(layers)
    floor = max((_repeats(bucket) for bucket in buckets if _balanced(bucket) and _mixed(bucket)), default=0)
    target = _approximate_divisor([_repeats(bucket) for bucket in buckets if _balanced(bucket)], floor) if floor else 0
    counts = [_count(bucket, target) for bucket in buckets]
    widest = max(
        _widest(bucket, len(bucket) if _splittable(bucket, target) else count)
        for bucket, count in zip(buckets, counts, strict=True)
    )
    for bucket, count in zip(buckets, counts, strict=True):
        groups = count
        if _splittable(bucket, target):
            fitting = max(widest // bucket[0].page_bytes, 1)
            groups = max(groups, -(-len(bucket) // fitting))
        yield from _split(bucket, groups)


def _slots(layer: LayerCache) -> tuple[Kind, int, int]:
    return (layer.kind, layer.block, layer.window)


def _buckets(layers: Sequence[LayerCache]) -> list[_Bucket]:
    found: dict[tuple[Kind, int, int], _Bucket] = {}
    for layer in layers:
        found.setdefault(_slots(layer), []).append(layer)
    return list(found.values())


def _sizes(bucket: _Bucket) -> Counter[int]:
    return Counter(layer.page_bytes for layer in bucket)


def _repeats(bucket: _Bucket) -> int:
    return max(_sizes(bucket).values())


def _balanced(bucket: _Bucket) -> bool:
    return len(set(_sizes(bucket).values())) == 1


def _mixed(bucket: _Bucket) -> bool:
    return len(_sizes(bucket)) > 1


def _count(bucket: _Bucket, target: int) -> int:
    return -(-_repeats(bucket) // target) if target and _balanced(bucket) else 1


def _splittable(bucket: _Bucket, target: int) -> bool:
    kind = bucket[0].kind
    return kind is Kind.STATE or (not target and kind is Kind.SLIDING)


def _widest(bucket: _Bucket, groups: int) -> int:
    return sum(-(-count // groups) * page for page, count in _sizes(bucket).items())


def _split(bucket: _Bucket, groups: int) -> Iterator[tuple[LayerCache, ...]]:
    if groups <= 1:
        yield tuple(bucket)
        return
    by_size: dict[int, _Bucket] = {}
    for layer in bucket:
        by_size.setdefault(layer.page_bytes, []).append(layer)
    repeats = list(zip(*by_size.values(), strict=False))
    for number in range(groups):
        yield tuple(layer for repeat in repeats[number::groups] for layer in repeat)


def _approximate_divisor(values: Sequence[int], lowest: int) -> int:
    """Return the group size with the least padding when every value is rounded up to it, the larger on a tie."""
    best = (sum(values) + 1, 0)
    for size in range(max(1, lowest), max(values) + 1):
        padding = sum(-value % size for value in values)
        best = min(best, (padding, -size))
    return -best[1] or max(1, lowest)
