"""What one layer keeps in vLLM's cache: so much a token, a window of tokens, or one state a sequence."""

from enum import StrEnum

from validation.data import Data, field

BLOCK = 16  # vLLM's default block size, in tokens


class Kind(StrEnum):
    """How a layer's cache grows with the length of a request."""

    FULL = "full"  # every token
    SLIDING = "sliding"  # the last ``window`` tokens and those in flight
    CHUNKED = "chunked"  # the current chunk of ``window`` tokens and those in flight
    CROSS = "cross"  # the encoder's tokens
    STATE = "state"  # one state a sequence, whatever its length


class LayerCache(Data):
    """The cache of one layer on one GPU, as vLLM's ``KVCacheSpec`` describes it.

    ``heads`` x ``content`` are the bytes of one stored state, ``block`` the tokens of a page, ``ratio`` the tokens
    that one state stands for. ``page`` is set where the page is not that product: a recurrent state, padding.
    """

    kind: Kind
    heads: int = 1
    content: int = 0
    block: int = BLOCK
    window: int = 0
    ratio: int = 1
    page: int = 0
    alignment: int = 1
    latent: bool = False  # one vector for keys and values (MLA): the same on every GPU, never padded
    states: int = 1  # pages that one sequence holds of a STATE layer
    replay: bool = False
    index: int = field(
        default=0, compare=False
    )  # the layer it belongs to; equal caches share pages wherever they stand

    @property
    def page_bytes(self) -> int:
        """Return the bytes of one page, padded to its alignment."""
        plain = self.page or self.heads * self.content * (self.block // self.ratio)
        return -(-plain // self.alignment) * self.alignment

    @property
    def bytes_per_token(self) -> float:
        """Return the bytes of a page spread over its tokens; 0 for a state, which does not grow with them."""
        return 0.0 if self.kind is Kind.STATE else self.page_bytes / self.block

    def pages(self, length: int, in_flight: int, encoder: int) -> int:
        """Return the pages that one request of ``length`` tokens can hold at once.

        The formulas are ``max_memory_usage_bytes`` of the specs in vllm/v1/kv_cache_interface.py (0.32.0).
        """
        if self.kind is Kind.STATE:
            return self.states
        if self.kind is Kind.SLIDING:
            return _ceil(min(self.window - 1 + in_flight, length), self.block) + 1
        if self.kind is Kind.CHUNKED:
            return _ceil(min(self.window + in_flight, length), self.block)
        return _ceil(encoder if self.kind is Kind.CROSS else length, self.block)


def _ceil(value: int, divisor: int) -> int:
    return -(-value // divisor)
