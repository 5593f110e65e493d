"""How one model fills the memory of its GPUs: the result that findings, plans and pictures are made from."""

from validation.data import Data


class Gpu(Data):
    """One GPU of the catalogue; ``memory`` in bytes as the driver shows it, capability 89 for 8.9."""

    name: str
    memory: int
    compute_capability: int
    product_label: str = ""  # nvidia.com/gpu.product
    bandwidth: float = 0.0  # GB/s
    mig_profile: str = ""
    vendor: str = "nvidia"
    reserved: int = 0  # bytes the driver keeps back: CUDA reports ``memory - reserved`` as the total

    @property
    def usable(self) -> int:
        """Return the bytes that CUDA reports as the GPU's total, which vLLM takes its share of."""
        return self.memory - self.reserved


class MemoryPlan(Data):
    """The memory of one GPU of the replica, in bytes, and what follows from it.

    ``kv_cache_bytes_per_token`` sums all layers at tensor parallel size 1; ``kv_cache_bytes_per_request`` is one
    request of ``max_model_len`` tokens at tensor parallel size 1 with vLLM's default of 2048 batched tokens. ``low``
    and ``high`` bound ``kv_cache_bytes`` (what is left for the KV cache), so they say how sure ``fits`` is.
    """

    gpu: Gpu
    tensor_parallel: int
    pipeline_parallel: int
    gpu_memory_utilization: float
    max_model_len: int
    longest_that_fits: int  # the context that one request could have
    max_num_batched_tokens: int
    max_num_seqs: int
    kv_cache_dtype: str
    dtype: str
    weights_bytes: int  # on one GPU
    overhead_bytes: int  # on one GPU: activation peak, CUDA graphs, CUDA context and NCCL
    kv_cache_bytes: int  # on one GPU
    kv_cache_bytes_per_token: int
    kv_cache_bytes_per_request: int
    kv_cache_tokens: int
    max_concurrency: float
    fits: bool
    low: int
    high: int
    reason: str = ""  # why it does not fit
    stage: int = 0  # of the pipeline, that the figures are of: the tightest
    stage_layers: tuple[int, ...] = ()  # of each stage; empty for a replica on one node
    lora_bytes: int = 0  # on one GPU: buffers for the adapters that a batch may use
    most_sequences: int | None = None  # that a hybrid's cache holds states of; None where sequences have no state

    @property
    def free_bytes(self) -> int:
        """Return what is left of the GPU outside vLLM's budget."""
        used = self.weights_bytes + self.lora_bytes + self.overhead_bytes + max(0, self.kv_cache_bytes)
        return max(0, self.gpu.memory - used)
