"""The typed form of a stack file: what a stack may say, key by key. The JSON schema's texts are these docstrings."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, Strict
from pydantic.alias_generators import to_camel

from stacks import form
from validation.finding import Place, Severity
from validation.wish import ModelType

NAMESPACE = "slipway"  # the project's name, and so the prefix of its keys
SECRETS = ("huggingFaceToken", "apiKey")  # scalars of their own: a secret inside an object arrives as plain text
MAX_MODELS = 1000
_Loose = Strict(strict=False)  # YAML has lists and strings where Python has tuples and enumerations
Count = Annotated[int, Field(ge=1, le=1000)]
TokenCount = Annotated[int, Field(ge=1, le=100_000_000)]


class Base(BaseModel):
    """What all settings share: frozen, strict, camelCase, no unknown key, no value in an error."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        alias_generator=to_camel,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
        allow_inf_nan=False,
    )


class Platform(StrEnum):
    """Who makes the GPU nodes."""

    EXISTING = "existing"
    KARPENTER = "karpenter"
    KAPSULE = "kapsule"


class Visibility(StrEnum):
    """Who can reach an endpoint."""

    PRIVATE = "private"
    PUBLIC = "public"


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


class AccessMode(StrEnum):
    """How many nodes may mount the volume at once."""

    READ_WRITE_ONCE = "ReadWriteOnce"
    READ_WRITE_MANY = "ReadWriteMany"
    READ_ONLY_MANY = "ReadOnlyMany"


class Gateway(Base):
    """The Gateway of the cluster that public endpoints attach their route to."""

    name: form.ObjectName
    """The Gateway's name."""
    namespace: form.Namespace
    """The namespace it lives in."""
    section_name: form.ObjectName | None = None
    """The listener to attach to; left out: all that allow it."""


class SecretKey(Base):
    """A key of a Secret that is already in the cluster's namespace, so that its value is in no file and no state."""

    name: form.ObjectName
    """The Secret's name."""
    key: form.DataKey
    """The key under its `data`."""


class Cluster(Base):
    """Where the models run."""

    platform: Annotated[Platform, _Loose]
    """Who makes the GPU nodes: `existing` takes nodes that are there, by label."""
    namespace: form.Namespace = "inference"
    """The namespace that holds everything."""
    render_to: form.Folder | None = None
    """Write the Kubernetes objects into this folder and touch no cluster."""
    kubeconfig_context: Annotated[str, Field(min_length=1, max_length=253)] | None = None
    """The context of the kubeconfig to use; left out: the current one."""
    storage_class: form.ObjectName | None = None
    """The storage class of weight volumes; left out: the cluster's default."""
    gateway: Gateway | None = None
    """The Gateway that public endpoints attach to."""
    create_namespace: bool = True
    """Make the namespace, with Pod Security `restricted`; false: it is there already."""
    read_only_root_filesystem: bool = True
    """Keep the containers' root read-only; false only for runtimes that cannot (old CRI-O with crun)."""


class Engine(Base):
    """The vLLM that serves every model of the stack."""

    version: form.Version
    """The vLLM version that the models are checked against."""
    image: form.Image = Field(default_factory=lambda data: f"docker.io/vllm/vllm-openai:v{data.get('version', '')}")
    """The image that holds it, best with tag and digest; left out: vLLM's own of that version, by tag."""


class LicencePolicy(Base):
    """Which licences the stack takes, by the Hub's ids."""

    allow: Annotated[tuple[form.LicenceId, ...], _Loose] = ()
    """Only these; empty: all that are not denied."""
    deny: Annotated[tuple[form.LicenceId, ...], _Loose] = ()
    """Never these."""
    accepted: Annotated[tuple[form.RepositoryId, ...], _Loose] = ()
    """Repositories whose gated licence the organisation has accepted."""


class Validation(Base):
    """How strictly the models are checked."""

    contract: form.Folder = "managed-inference"
    """What the deployer accepts: `managed-inference`, `vllm` (only the engine decides), or the path of a YAML file."""
    fail_on: Annotated[Severity, _Loose] = Severity.ERROR
    """The lowest severity that fails the preview."""
    require_pinned: bool = False
    """Make a revision that is no commit an error."""
    licences: LicencePolicy = LicencePolicy()
    """The licence policy."""
    locks: form.Folder = "stacks/locks"
    """The folder of lock files, relative to the project."""
    deadline_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    """How long all models together may take to be read."""


class NodePool(Base):
    """Nodes with the same GPUs."""

    name: form.Name
    """The pool's name, which models refer to."""
    gpu: form.Identifier
    """The GPU by its catalogue name, like `L4` or `H100-SXM`; `python -m validation fit` lists them."""
    gpus_per_node: Annotated[int, Field(ge=1, le=16)] = 1
    """How many GPUs a node has."""
    min_nodes: Annotated[int, Field(ge=0, le=1000)] = 0
    """How many nodes stay when nothing runs."""
    max_nodes: Count = 1
    """How many nodes there may be."""
    instance_type: form.Identifier | None = None
    """The platform's instance type; left out: chosen by GPU and count."""
    zones: Annotated[tuple[form.Identifier, ...], _Loose] = ()
    """The zones to take nodes from; empty: any."""
    spot: bool = False
    """Take interruptible nodes."""
    node_selector: dict[form.LabelKey, form.LabelValue] = Field(default_factory=dict, max_length=32)
    """The labels of existing nodes; left out: the GPU's product label."""
    mig_profile: form.Identifier | None = None
    """The MIG profile that one GPU stands for, like `1g.10gb`."""
    disk_gib: Annotated[int, Field(ge=20, le=65_536)] | None = None
    """The size of a node's disk in GiB."""
    vcpus_per_node: Annotated[int, Field(ge=1, le=1024)] | None = None
    """How many vCPUs a node has; left out: the instance type's, where the catalogue knows it."""


class Replicas(Base):
    """How many servers of a model run."""

    min: Count = 1
    """At least this many."""
    max: Count | None = None
    """At most this many, by load; left out: always `min`."""


class Endpoint(Base):
    """How a model is reached."""

    visibility: Annotated[Visibility, _Loose] = Visibility.PRIVATE
    """`private` stays inside the cluster, `public` gets a route."""
    hostname: form.Hostname | None = None
    """The host name of a public endpoint."""
    allow_from: Annotated[tuple[form.Network, ...], _Loose] = ()
    """The networks that may call a public endpoint; empty: all."""
    tls_secret: form.ObjectName | None = None
    """The Secret with the host's certificate; left out: the Gateway's listener has its own."""
    api_key_secret: SecretKey | None = None
    """The API key's Secret in the cluster; left out: `slipway:apiKey`, else one is generated."""


class Weights(Base):
    """Where the model's files are kept in the cluster."""

    claim: form.ObjectName | None = None
    """A PersistentVolumeClaim that is there already; for a local folder the one that holds its files."""
    path: form.SubPath | None = None
    """The folder inside the claim."""
    storage_class: form.ObjectName | None = None
    """The storage class of a new volume; left out: the cluster's."""
    access_mode: Annotated[AccessMode, _Loose] | None = None
    """The access mode of a new volume; left out: derived from the replicas."""


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
    source: form.Source
    """`hf://organisation/name`, or the path of a folder."""
    revision: form.Revision = ""
    """The commit, branch or tag; `python -m validation pin` writes the commit."""
    type: Annotated[ServedType, _Loose] | None = None
    """What the model is to be served as; left out: detected."""
    pool: form.Name
    """The node pool that it runs on."""
    gpus_per_replica: Annotated[int, Field(ge=1, le=16)] = 1
    """The tensor parallel size."""
    max_model_len: TokenCount | None = None
    """The context length in tokens; left out: the longest that fits."""
    dtype: Annotated[Dtype, _Loose] = Dtype.AUTO
    """The type of activations and unquantized weights."""
    kv_cache_dtype: Annotated[KvCacheDtype, _Loose] = KvCacheDtype.AUTO
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
    structured_outputs: bool = False
    """Clients need structured outputs."""
    function_calling: bool = False
    """Clients need function calling."""
    replicas: Replicas = Replicas()
    """How many servers run."""
    endpoint: Endpoint = Endpoint()
    """How the model is reached."""
    weights: Weights = Weights()
    """Where its files are kept."""
    ignore: Annotated[tuple[Ignore, ...], _Loose] = ()
    """Rules whose failure does not count, each with a reason."""

    @property
    def local(self) -> bool:
        """Return whether the source is a folder."""
        return not self.source.startswith("hf://")

    @property
    def model_type(self) -> ModelType | None:
        """Return the wished type in the checks' own words."""
        return ModelType(self.type) if self.type is not None else None


class Settings(Base):
    """A whole stack. Secrets are not in it: ``secrets`` only names those that are set."""

    cluster: Cluster
    """Where the models run."""
    engine: Engine
    """The vLLM that serves them."""
    validation: Validation = Validation()
    """How strictly they are checked."""
    node_pools: Annotated[tuple[NodePool, ...], _Loose, Field(max_length=MAX_MODELS)] = ()
    """The GPU nodes."""
    models: Annotated[tuple[Model, ...], _Loose, Field(max_length=MAX_MODELS)] = ()
    """The models."""
    hugging_face_token_secret: SecretKey | None = None
    """The Hub token's Secret in the cluster, for the prefetch of gated and private models."""

    _secrets: frozenset[str] = PrivateAttr(default=frozenset())
    _places: Mapping[str, Place] = PrivateAttr(default_factory=dict)

    @property
    def secrets(self) -> frozenset[str]:
        """Return the secret keys that the stack has (``huggingFaceToken``, ``apiKey``), never their values."""
        return self._secrets

    @property
    def places(self) -> Mapping[str, Place]:
        """Return where each key stands, by its path (``slipway:models[0].replicas.min``); empty when not known."""
        return self._places

    def pool(self, name: str) -> NodePool:
        """Return the pool of this name; raise KeyError when there is none, which the reader has refused."""
        for pool in self.node_pools:
            if pool.name == name:
                return pool
        raise KeyError(name)
