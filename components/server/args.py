"""What VllmInferenceService is told: the plan of one model, as it was checked."""

from typing import Any, NotRequired, TypedDict

import pulumi

from components.server.interconnect import InterconnectArgs


class LoraAdapterArgs(TypedDict):
    """A LoRA adapter that is served beside the model."""

    name: str
    """The name that clients send as `model`."""
    path: str
    """Its folder inside the claim, or inside the image, of the weights."""


class VllmInferenceServiceArgs(TypedDict):
    """One model's server, exactly as planned. What is left out is left to vLLM's own default."""

    namespace: pulumi.Input[str]
    """The namespace."""
    image: str
    """The vLLM image, by tag and digest."""
    served_model_name: str
    """The name that clients send as `model`."""
    claim_name: NotRequired[pulumi.Input[str]]
    """The volume claim with the weights; left out: an image holds them."""
    weights_image: NotRequired[str]
    """The OCI image with the weights, by digest, instead of a claim."""
    weights_manifest: NotRequired[pulumi.Input[str]]
    """The ConfigMap that an image's files are compared with before the server starts."""
    weights_seconds: NotRequired[int]
    """How long a server may wait for the weights to be brought onto its node; left out: they are there before it."""
    model_path: pulumi.Input[str]
    """The folder of the model inside the claim or the image; empty for its root."""
    manifest_digest: NotRequired[pulumi.Input[str]]
    """The digest in the prefetch's marker; the server waits for it. Empty or left out: no marker is
    looked for."""
    commit: NotRequired[str]
    """The commit of the weights, for labels."""
    source: NotRequired[str]
    """Where the model comes from, for an annotation."""
    weights_bytes: NotRequired[int]
    """The size of the weights; the times of the probes follow from it."""
    gpu_resource: NotRequired[pulumi.Input[str]]
    """The resource name of one GPU; `nvidia.com/gpu` by default."""
    device_class: NotRequired[str]
    """The class of devices that pods claim instead of that resource (dynamic resource allocation)."""
    device_selectors: NotRequired[list[str]]
    """CEL expressions that pick among the devices of that class."""
    node_selector: NotRequired[pulumi.Input[dict[str, str]]]
    """The labels of the nodes."""
    tolerations: NotRequired[pulumi.Input[list[dict[str, str]]]]
    """The taints of the nodes that are tolerated."""
    replicas: NotRequired[int]
    """How many servers; 1 by default. With an autoscaler the least number."""
    max_replicas: NotRequired[int]
    """The most servers; given with an autoscaler alone: the Deployment then leaves its number to it."""
    priority_class: NotRequired[str]
    """The PriorityClass of the servers; the cluster's default when left out."""
    single_node_volume: NotRequired[bool]
    """Only one node may mount the volume at once (ReadWriteOnce); then more than one replica is refused."""
    spare_gpus: NotRequired[bool]
    """The pool has GPUs to spare, so a rollout starts the new server first, unless the volume
    is for one node."""
    tensor_parallel_size: NotRequired[int]
    """GPUs of one replica on one node; 1 by default."""
    nodes_per_replica: NotRequired[int]
    """Nodes of one replica, which is the pipeline parallel size; 1 by default. More make a LeaderWorkerSet."""
    interconnect: NotRequired[InterconnectArgs]
    """How the nodes of one replica are placed and talk to each other."""
    max_model_len: NotRequired[int]
    """The context length in tokens."""
    gpu_memory_utilization: NotRequired[float]
    """The part of each GPU's memory that vLLM uses."""
    dtype: NotRequired[str]
    """The type of activations and unquantized weights."""
    kv_cache_dtype: NotRequired[str]
    """The type of the KV cache."""
    quantization: NotRequired[str]
    """The quantization method, where it is not what the repository says."""
    max_num_seqs: NotRequired[int]
    """The most requests in one batch."""
    max_num_batched_tokens: NotRequired[int]
    """The most tokens in one batch."""
    limit_mm_per_prompt: NotRequired[dict[str, int]]
    """How many images, videos and audio clips a prompt may hold."""
    adapters: NotRequired[list[LoraAdapterArgs]]
    """The LoRA adapters, all of them loaded when the server starts."""
    adapter_bytes: NotRequired[int]
    """The size of the adapters; each worker keeps them in memory."""
    max_lora_rank: NotRequired[int]
    """The highest rank that an adapter may have."""
    max_loras: NotRequired[int]
    """How many adapters one batch may use."""
    max_cpu_loras: NotRequired[int]
    """How many adapters are kept in memory."""
    runner: NotRequired[str]
    """`generate` or `pooling`."""
    convert: NotRequired[str]
    """`embed` or `classify`, when the engine converts the model."""
    config_format: NotRequired[str]
    """`hf` or `mistral`."""
    multimodal: NotRequired[bool]
    """The model takes images, video or audio."""
    allowed_media_domains: NotRequired[list[str]]
    """The only hosts that media is fetched from; none means that media comes inside the request."""
    enforce_eager: NotRequired[bool]
    """Capture no CUDA graphs."""
    trust_remote_code: NotRequired[bool]
    """Run the repository's own code in the server; false by default."""
    extra_arguments: NotRequired[dict[str, Any]]
    """More flags of `vllm serve`, without the dashes; those that open the server are refused."""
    api_key_secret_name: NotRequired[pulumi.Input[str]]
    """The Secret with the API keys, one a data entry; left out: no key is asked for."""
    api_key_secret_key: NotRequired[pulumi.Input[str]]
    """The one entry of that Secret to use; left out: every entry is a key."""
    api_key_checksum: NotRequired[pulumi.Input[str]]
    """Something that changes when the key does, and says nothing of it: the servers are then replaced."""
    read_only_root_filesystem: NotRequired[bool]
    """Keep the container's root read-only; true by default. False only for runtimes that cannot (old CRI-O)."""
    cpu: NotRequired[str]
    """The CPUs of one server as a quantity; 2 x (2 + GPUs) by default."""
    memory: NotRequired[str]
    """The memory of one server as a quantity; derived by default."""
    drain_seconds: NotRequired[int]
    """How long running requests may take to finish when a server stops; 120 by default."""
    endpoints: NotRequired[list[str]]
    """The only paths that clients may call; left out: those of every type."""
    max_body_mib: NotRequired[int]
    """The largest body of a request in MiB; 8 by default, 64 for a model that takes media."""
    runtime_class: NotRequired[str]
    """The RuntimeClass of the GPU nodes, where they need one (`nvidia`)."""
    image_pull_secrets: NotRequired[list[str]]
    """The Secrets to pull the image with."""
    monitoring_namespace: NotRequired[str]
    """The namespace whose pods may read the metrics."""
    log_format: NotRequired[str]
    """`json` for one JSON object a line, or `text` for vLLM's own lines, which is the default."""
