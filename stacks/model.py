"""One model of the stack: what is served, where, and how it is reached."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from stacks import form
from stacks.adapter import Adapter
from stacks.base import LOOSE, Base, TokenCount
from stacks.endpoint import Endpoint
from stacks.interconnect import Interconnect
from stacks.scaling import Replicas, Scaling
from stacks.weights import Weights
from validation.wish import ModelType

MAX_ADAPTERS = 256  # each is a repository to read


class Dtype(StrEnum):
    """The type of activations and unquantized weights; auto takes the model's own."""

    AUTO = "auto"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"
    FLOAT32 = "float32"


class KvCacheDtype(StrEnum):
    """The type of the KV cache; auto takes the model's own."""

    AUTO = "auto"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"
    FP8 = "fp8"
    FP8_E4M3 = "fp8_e4m3"
    FP8_E5M2 = "fp8_e5m2"


class ServedType(StrEnum):
    """The model types of the contract."""

    CHAT = "chat"
    VISION = "vision"
    MULTIMODAL = "multimodal"
    EMBEDDING = "embedding"


class MultimodalLimits(Base):
    """How many items of each kind one prompt may hold."""

    image: Annotated[int, Field(ge=0, le=999)] | None = None
    """Images a prompt."""
    video: Annotated[int, Field(ge=0, le=999)] | None = None
    """Videos a prompt."""
    audio: Annotated[int, Field(ge=0, le=999)] | None = None
    """Audio clips a prompt."""


class Ignore(Base):
    """A rule whose failure does not count for this model."""

    rule: form.RuleName
    """The rule's name."""
    reason: form.Reason
    """Why, in one line: it is shown in every report."""


class Model(Base):
    """One model and how it is served."""

    name: form.Name
    """The model's name in the cluster and in the API."""
    served_model_name: form.ServedName | None = None
    """The name that clients send as `model`; left out: `name`. Models behind one route of a host share it."""
    source: form.Source
    """`hf://organisation/name`, or the path of a folder."""
    revision: form.Revision = ""
    """The commit, branch or tag; `python -m validation pin` writes the commit."""
    type: Annotated[ServedType, LOOSE] | None = None
    """What the model is to be served as; left out: detected."""
    pool: form.Name
    """The node pool that it runs on."""
    gpus_per_replica: Annotated[int, Field(ge=1, le=16)] = 1
    """The GPUs of a replica on one node: the tensor parallel size. All its GPUs are this times `nodesPerReplica`."""
    nodes_per_replica: Annotated[int, Field(ge=1, le=16)] = 1
    """The nodes of a replica: the pipeline parallel size. More than one needs LeaderWorkerSet in the cluster."""
    interconnect: Interconnect = Interconnect()
    """How the nodes of one replica are placed and talk to each other."""
    max_model_len: TokenCount | None = None
    """The context length in tokens; left out: the longest that fits."""
    dtype: Annotated[Dtype, LOOSE] = Dtype.AUTO
    """The type of activations and unquantized weights."""
    kv_cache_dtype: Annotated[KvCacheDtype, LOOSE] = KvCacheDtype.AUTO
    """The type of the KV cache."""
    gpu_memory_utilization: Annotated[float, Field(ge=0.05, le=1)] | None = None
    """The part of each GPU's memory that vLLM may use; left out: the version's default."""
    max_num_seqs: TokenCount | None = None
    """The most requests in one batch; left out: vLLM's default for the GPU."""
    max_num_batched_tokens: TokenCount | None = None
    """The most tokens in one batch; left out: vLLM's default for the GPU."""
    limit_mm_per_prompt: MultimodalLimits | None = None
    """How many images, videos and audio clips one prompt may hold."""
    quantization: form.Identifier | None = None
    """The quantization method; left out: what the repository says."""
    adapters: Annotated[tuple[Adapter, ...], LOOSE, Field(max_length=MAX_ADAPTERS)] = ()
    """LoRA adapters that are served beside the model, each under its own name; only under `contract: vllm`."""
    max_lora_rank: Annotated[int, Field(ge=1, le=4096)] | None = None
    """The highest rank that adapters may have; left out: the smallest allowed one that holds them all."""
    max_loras: Annotated[int, Field(ge=1, le=256)] | None = None
    """How many adapters one batch may use; left out: all of them, eight at most."""
    trust_remote_code: bool = False
    """Run the repository's own code in the server, at a pinned commit; only under `contract: vllm`."""
    structured_outputs: bool = False
    """Clients need structured outputs."""
    function_calling: bool = False
    """Clients need function calling."""
    replicas: Replicas = Replicas()
    """How many servers run."""
    scaling: Scaling = Scaling()
    """When their number changes."""
    priority: form.PriorityClass | None = None
    """A PriorityClass of the cluster: where GPUs run out, servers of a higher one come first."""
    drain_seconds: Annotated[int, Field(ge=0, le=3600)] | None = None
    """How long running requests may take to finish when a server stops; left out: 120, on `spot` nodes 90."""
    endpoint: Endpoint = Endpoint()
    """How the model is reached."""
    weights: Weights = Weights()
    """Where its files are kept."""
    ignore: Annotated[tuple[Ignore, ...], LOOSE] = ()
    """Rules whose failure does not count, each with a reason."""

    @property
    def local(self) -> bool:
        """Return whether the source is a folder."""
        return not self.source.startswith("hf://")

    @property
    def model_type(self) -> ModelType | None:
        """Return the wished type in the checks' own words."""
        return ModelType(self.type) if self.type is not None else None
