"""vLLM's KV cache groups: which layers share pages, how large a page is, and what one request takes of the pool.

The rules are those of vllm/v1/core/kv_cache_utils.py and ``_align_hybrid_block_size`` in vllm/platforms/interface.py
(0.32.0).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from validation.data import Data
from validation.fit.layer import Kind, LayerCache
from validation.fit.packing import packed_groups
from validation.fit.shape import Shape
from validation.fit.stage import Stage

REFERENCE_TOKENS = 2048  # vLLM's own default of tokens in a batch, which figures of one request are stated for
BATCHES_IN_FLIGHT = 2  # on one node, with asynchronous scheduling: one batch runs while the next is prepared
_UNEVEN = 1.5  # up to this ratio the layers of all kinds share one group size


class Group(Data):
    """Layers that share one block table, each with its own page; ``here`` are those that stand on this GPU."""

    layers: tuple[LayerCache, ...]
    here: tuple[LayerCache, ...] | None = None  # None: all of them

    @property
    def block_bytes(self) -> int:
        """Return the bytes of one block: a page of every layer that stands here."""
        return sum(layer.page_bytes for layer in (self.layers if self.here is None else self.here))

    def blocks(self, length: int, in_flight: int, encoder: int) -> int:
        """Return the blocks that one request of ``length`` tokens holds."""
        return max(layer.pages(length, in_flight, encoder) for layer in set(self.layers))


class Cache(Data):
    """The KV cache of a model on one GPU: its layers as they stand, and the groups that vLLM makes of them."""

    layers: tuple[LayerCache, ...]
    groups: tuple[Group, ...]
    batches: int = BATCHES_IN_FLIGHT

    @property
    def bytes_per_token(self) -> int:
        """Return the bytes one token takes in all layers together, windowed ones included."""
        return round(sum(layer.bytes_per_token for layer in self.layers))

    @property
    def block_bytes(self) -> int:
        """Return the bytes of one block of the pool that all groups share: the largest group's."""
        return max((group.block_bytes for group in self.groups), default=0)

    def on(self, stage: Stage) -> "Cache":
        """Return what one stage of a pipeline keeps.

        vLLM makes the groups of the whole model and leaves on each GPU the layers that it has
        (``_project_kv_cache_groups_to_worker`` in vllm/v1/core/kv_cache_planning.py, 0.33.0).
        """
        if stage.whole:
            return self
        return Cache(
            layers=tuple(layer for layer in self.layers if stage.has_layer(layer.index)),
            groups=tuple(
                replace(group, here=tuple(layer for layer in group.layers if stage.has_layer(layer.index)))
                for group in self.groups
            ),
            batches=self.batches,
        )

    def request_blocks(self, length: int, batched_tokens: int = REFERENCE_TOKENS) -> int:
        """Return the blocks that one request of ``length`` tokens takes of the pool, all groups together."""
        in_flight = self.batches * batched_tokens
        return sum(group.blocks(length, in_flight, batched_tokens) for group in self.groups)

    def request_bytes(self, length: int, batched_tokens: int = REFERENCE_TOKENS) -> int:
        """Return the bytes that one request of ``length`` tokens takes of the pool."""
        return self.block_bytes * self.request_blocks(length, batched_tokens)

    def longest(self, available: int, limit: int, batched_tokens: int = REFERENCE_TOKENS) -> int:
        """Return the longest request, up to ``limit`` tokens, that fits into ``available`` bytes; 0 when none does."""
        low, high = 0, limit
        while low < high:
            middle = (low + high + 1) // 2
            if self.request_bytes(middle, batched_tokens) <= available:
                low = middle
            else:
                high = middle - 1
        return low


def cache_of(shape: Shape, batches: int = BATCHES_IN_FLIGHT) -> Cache:
    """Return the cache that vLLM makes of the layers of a model, with so many batches in flight."""
    layers = _aligned(shape)
    return Cache(layers=layers, groups=tuple(_groups(layers, packed=shape.packed)), batches=batches)


def _aligned(shape: Shape) -> tuple[LayerCache, ...]:
    """Give attention and states of a hybrid one page size: blocks grow until a page holds the state."""
    states = [layer.page for layer in shape.layers if layer.kind is Kind.STATE]
    attention = [layer for layer in shape.layers if layer.kind is not Kind.STATE]
    if not states or not attention:
        return shape.layers
    token = round(max(layer.bytes_per_token for layer in attention))
    step = max(shape.kernel_block, attention[0].block)
    block = max(attention[0].block, step * -(-max(states) // (step * token)))
    page = block * token
    return tuple(
        replace(layer, page=page) if layer.kind is Kind.STATE else replace(layer, block=block) for layer in shape.layers
    )


def _groups(layers: Sequence[LayerCache], *, packed: bool) -> Iterator[Group]:
    if not layers:
        return
    if len(set(layers)) == 1 or uniform(layers):
        yield Group(layers=tuple(layers))
    elif packed:
        yield from (Group(layers=group) for group in packed_groups(layers))
    else:
        yield from _equal_pages(_unified(layers))


def uniform(layers: Sequence[LayerCache]) -> bool:
    """Return whether all layers need the same number of token slots, so that one block table serves them all."""
    kinds = {(layer.kind, layer.block, layer.window, layer.states) for layer in layers}
    if len(kinds) > 1:
        return False
    return layers[0].kind is not Kind.STATE or len({layer.page_bytes for layer in layers}) == 1


def _unified(layers: Sequence[LayerCache]) -> list[LayerCache]:
    """Make all pages as large as the largest: by more tokens a page where that comes out even, else by padding."""
    largest = max(layer.page_bytes for layer in layers)
    return [_grown(layer, largest) for layer in layers]


def _grown(layer: LayerCache, page: int) -> LayerCache:
    own = layer.page_bytes
    if own == page:
        return layer
    if layer.kind is not Kind.STATE and page % own == 0:
        return replace(layer, block=layer.block * (page // own))
    return replace(layer, page=page)


def _equal_pages(layers: Sequence[LayerCache]) -> Iterator[Group]:
    """Split each kind into groups of as many layers as the rarest kind has."""
    buckets: dict[LayerCache, list[LayerCache]] = {}
    for layer in layers:
        buckets.setdefault(layer, []).append(layer)
    counts = [len(bucket) for bucket in buckets.values()]
    size = max(counts) if max(counts) < min(counts) * _UNEVEN else min(counts)
    for bucket in buckets.values():
        groups = -(-len(bucket) // size)
        for number in range(groups):
            yield Group(layers=tuple(bucket[number::groups]))


def runs(layers: Sequence[LayerCache]) -> list[tuple[LayerCache, int]]:
    """Return the layers as runs of equal ones, for a reader."""
    return [(layer, len(list(same))) for layer, same in groupby(layers)]
