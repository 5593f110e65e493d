"""What ModelWeights is told: which files, of which commit, onto which volume."""

from typing import NotRequired, TypedDict

import pulumi


class WeightFileArgs(TypedDict):
    """One file of the repository."""

    path: str
    """Its path."""
    size: int
    """Its size in bytes."""
    sha256: NotRequired[str]
    """Its sha256, which the Hub states for large files."""
    blob_id: NotRequired[str]
    """Its git blob id, which the Hub states for small files."""
    repository: NotRequired[str]
    """The repository that it comes from, where that is not the model's: an adapter's."""
    commit: NotRequired[str]
    """The full commit of that repository."""
    source: NotRequired[str]
    """Its path there."""


class ModelWeightsArgs(TypedDict):
    """Files of the Hub at a commit (`repository` and `commit`), or files that are in a claim or an image already."""

    namespace: pulumi.Input[str]
    """The namespace."""
    store: NotRequired[str]
    """`volume`, the disk of each `node` by a NodeCache, or an OCI `image`; `volume` by default."""
    repository: NotRequired[str]
    """`organisation/name` on the Hub; left out: the files are in the claim or the image already."""
    commit: NotRequired[str]
    """The full commit."""
    files: NotRequired[list[WeightFileArgs]]
    """Exactly the files that the server needs. With a claim that is filled already they are verified, not fetched."""
    image: NotRequired[str]
    """The image of the prefetch: the server's own, which has Python."""
    endpoint: NotRequired[str]
    """The Hub's address; the public one by default."""
    token_secret_name: NotRequired[pulumi.Input[str]]
    """The Secret with the Hub token; left out: public repositories only."""
    token_secret_key: NotRequired[str]
    """The token's key in that Secret; `token` by default."""
    claim_name: NotRequired[pulumi.Input[str]]
    """A PersistentVolumeClaim that is there already; left out: one is made for the commit. For the store `node` that
    of the NodeCache."""
    path: NotRequired[str]
    """The folder of the model inside that claim, or inside the image."""
    weights_image: NotRequired[str]
    """The OCI image that holds the files, by digest (store `image`)."""
    storage_class: NotRequired[str]
    """The storage class of a new volume; left out: the cluster's default."""
    access_mode: NotRequired[str]
    """The access mode of a new volume; ReadWriteMany by default with several replicas, else ReadWriteOnce."""
    replicas: NotRequired[int]
    """How many pods of servers will mount the volume; 1 by default."""
    node_selector: NotRequired[pulumi.Input[dict[str, str]]]
    """The labels of the servers' nodes; a ReadWriteOnce volume is filled there, so that it lies in their zone."""
    tolerations: NotRequired[pulumi.Input[list[dict[str, str]]]]
    """The taints of those nodes."""
    read_only_root_filesystem: NotRequired[bool]
    """Keep the container's root read-only; true by default."""
    image_pull_secrets: NotRequired[list[str]]
    """The Secrets to pull the image with."""
