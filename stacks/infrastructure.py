"""The stack's cluster, engine and GPU nodes, and how strictly its models are checked."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from stacks import form
from stacks.base import LOOSE, Base, Count
from stacks.gateway import Entrance
from stacks.monitoring import Monitoring
from stacks.platform import Allocation, Cloud, Machines, MemoryGib, Platform, provider
from stacks.scaling import Autoscaler, Interceptor
from validation.finding import Severity


class Cluster(Entrance):
    """Where the models run."""

    platform: Annotated[Platform, LOOSE]
    """Who makes the GPU nodes: `existing` takes nodes that are there, by label."""
    cloud: Annotated[Cloud, LOOSE] | None = None
    """The cloud that `karpenter` makes nodes in; left out: `aws`."""
    namespace: form.Namespace = "inference"
    """The namespace that holds everything."""
    render_to: form.Folder | None = None
    """Write the Kubernetes objects into this folder and touch no cluster."""
    kubeconfig_context: Annotated[str, Field(min_length=1, max_length=253)] | None = None
    """The context of the kubeconfig to use; left out: the current one."""
    cluster_id: form.ClusterId | None = None
    """The cluster's id with its region, like `fr-par/<uuid>` (platform `kapsule`); left out: its pools are there."""
    cluster_name: form.Identifier | None = None
    """The cluster's name: in the discovery tags of its subnets and security groups (`karpenter` on AWS), else
    of the cluster itself (`gke`, `eks`, `aks`, `cluster-api`)."""
    location: form.Identifier | None = None
    """The cluster's region or zone (`gke`)."""
    project: form.Identifier | None = None
    """The cluster's project (`gke`); left out: the provider's own."""
    resource_group: form.ResourceGroup | None = None
    """The resource group of the cluster (`aks`)."""
    subnets: Annotated[tuple[form.Subnet, ...], LOOSE, Field(max_length=16)] = ()
    """The subnets of the nodes, which decide their zones (`eks`); for `aks` one, where the cluster has its own."""
    node_role: form.Role | None = None
    """The IAM role of the nodes: its name (`karpenter` on AWS; left out: the EC2NodeClass `default` is taken),
    its ARN (`eks`)."""
    service_account: form.ServiceAccount | None = None
    """The IAM service account of the nodes (`gke`, `karpenter` on GCP); left out: the cloud's default."""
    kubernetes_version: form.KubernetesVersion | None = None
    """The version of the nodes, like `v1.35.4` (`cluster-api`); left out: the templates' own."""
    management_context: Annotated[str, Field(min_length=1, max_length=253)] | None = None
    """The kubeconfig context of the management cluster (`cluster-api`); left out: the same cluster."""
    management_namespace: form.Namespace | None = None
    """The namespace of the Cluster and its templates (`cluster-api`); left out: `default`."""
    ami_alias: form.AmiAlias | None = None
    """The machine image, like `al2023@v20261101` (`karpenter` on AWS); left out: the latest `al2023`."""
    storage_class: form.ObjectName | None = None
    """The storage class of weight volumes; left out: the cluster's default."""
    monitoring: Monitoring | None = None
    """The Prometheus operator that watches the servers; left out: nobody reads their metrics."""
    autoscaler: Annotated[Autoscaler, LOOSE] | None = None
    """Who changes the number of servers between `replicas.min` and `max`: `keda`, or `hpa` with a metrics adapter."""
    prometheus: form.Url | None = None
    """The address of the Prometheus that KEDA asks, like `http://prometheus-operated.monitoring.svc:9090`."""
    interceptor: Interceptor | None = None
    """KEDA's HTTP add-on, for models with `replicas.min: 0`; `{}` takes it where its chart puts it."""
    create_namespace: bool = True
    """Make the namespace, with Pod Security `restricted`; false: it is there already."""
    image_pull_secrets: Annotated[tuple[form.ObjectName, ...], LOOSE, Field(max_length=16)] = ()
    """The Secrets of the namespace that images are pulled with; empty: what the nodes may pull by themselves."""
    read_only_root_filesystem: bool = True
    """Keep the containers' root read-only; false only for runtimes that cannot (old CRI-O with crun)."""

    @property
    def provider(self) -> str:
        """Return whose instance types the nodes are, in the catalogue's words; empty where any node will do."""
        return provider(self.platform, self.cloud)


class LogFormat(StrEnum):
    """How servers log."""

    JSON = "json"
    TEXT = "text"


class Engine(Base):
    """The vLLM that serves every model of the stack."""

    version: form.Version
    """The vLLM version that the models are checked against."""
    image: form.Image = Field(default_factory=lambda data: f"docker.io/vllm/vllm-openai:v{data.get('version', '')}")
    """The image that holds it, best with tag and digest; left out: vLLM's own of that version, by tag."""
    log_format: Annotated[LogFormat, LOOSE] = LogFormat.JSON
    """How servers log: one JSON object a line, or vLLM's own text."""


class LicencePolicy(Base):
    """Which licences the stack takes, by the Hub's ids."""

    allow: Annotated[tuple[form.LicenceId, ...], LOOSE] = ()
    """Only these; empty: all that are not denied."""
    deny: Annotated[tuple[form.LicenceId, ...], LOOSE] = ()
    """Never these."""
    accepted: Annotated[tuple[form.RepositoryId, ...], LOOSE] = ()
    """Repositories whose gated licence the organisation has accepted."""


class Validation(Base):
    """How strictly the models are checked."""

    contract: form.Folder = "managed-inference"
    """What the deployer accepts: `managed-inference`, `vllm` (only the engine decides), or the path of a YAML file."""
    fail_on: Annotated[Severity, LOOSE] = Severity.ERROR
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
    """The platform's instance type; left out: chosen by GPU and count. For `cluster-api` what the infrastructure
    template makes, so that the autoscaler knows a node that is not there yet."""
    zones: Annotated[tuple[form.Identifier, ...], LOOSE] = ()
    """The zones to take nodes from; empty: any."""
    spot: bool = False
    """Take interruptible nodes."""
    node_selector: dict[form.LabelKey, form.LabelValue] = Field(default_factory=dict, max_length=32)
    """The labels of existing nodes; left out: the GPU's product label."""
    mig_profile: form.Identifier | None = None
    """The MIG profile that a server takes instead of a whole GPU, like `1g.10gb`."""
    disk_gib: Annotated[int, Field(ge=20, le=65_536)] | None = None
    """The size of a node's disk in GiB; left out: what the image and the caches of its servers take."""
    cache_path: form.CachePath | None = None
    """The folder of each node that keeps the weights of models with `store: node`; the operator makes it."""
    vcpus_per_node: Annotated[int, Field(ge=1, le=1024)] | None = None
    """How many vCPUs a node has; left out: the instance type's, where the catalogue knows it."""
    memory_gib_per_node: MemoryGib | None = None
    """How much memory a node has in GiB; left out: the instance type's, where the catalogue knows it."""
    allocation: Annotated[Allocation, LOOSE] = Allocation.DEVICE_PLUGIN
    """How pods ask for GPUs: `device-plugin`, or `dra` (claims, with NVIDIA's DRA driver in the cluster)."""
    machines: Machines | None = None
    """What a node is made from (`cluster-api`)."""
