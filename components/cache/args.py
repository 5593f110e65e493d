"""What NodeCache is told: which models, in which folder of which nodes."""

from typing import NotRequired, TypedDict

import pulumi

from components.weights.args import WeightFileArgs


class CachedModelArgs(TypedDict):
    """One model whose files each node of the pool keeps."""

    name: str
    """The model's name."""
    repository: str
    """`organisation/name` on the Hub."""
    commit: str
    """The full commit."""
    files: list[WeightFileArgs]
    """Exactly the files that the server needs."""
    endpoint: NotRequired[str]
    """The Hub's address; the public one by default."""


class NodeCacheArgs(TypedDict):
    """A folder of each node of a pool, filled with the files of the models that run there."""

    namespace: pulumi.Input[str]
    """The namespace."""
    folder: str
    """The folder inside the path that is this stack's and this pool's alone, like `inference/l4`."""
    path: str
    """The path on every node; it has to be there."""
    node_selector: pulumi.Input[dict[str, str]]
    """The labels of the pool's nodes."""
    tolerations: NotRequired[pulumi.Input[list[dict[str, str]]]]
    """The taints of those nodes."""
    image: str
    """The image of the prefetch: the servers' own, which has Python."""
    models: NotRequired[list[CachedModelArgs]]
    """The models; none: what earlier ones have left on the nodes is removed."""
    token_secret_name: NotRequired[pulumi.Input[str]]
    """The Secret with the Hub token; left out: public repositories only."""
    token_secret_key: NotRequired[str]
    """The token's key in that Secret; `token` by default."""
    read_only_root_filesystem: NotRequired[bool]
    """Keep the containers' root read-only; true by default."""
    image_pull_secrets: NotRequired[list[str]]
    """The Secrets to pull the image with."""
