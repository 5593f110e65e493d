"""The typed form of a stack file: what a stack may say, key by key. The JSON schema's texts are these docstrings."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, PrivateAttr

from stacks.adapter import Adapter
from stacks.base import LOOSE, MAX_ITEMS, NAMESPACE, SECRETS, Base, SecretKey
from stacks.endpoint import Endpoint, Visibility
from stacks.host import Host
from stacks.infrastructure import Cluster, Engine, LicencePolicy, NodePool, Validation
from stacks.model import Ignore, Model
from stacks.platform import Platform
from stacks.scaling import Autoscaler, Interceptor, Replicas, Scaling
from stacks.weights import AccessMode, Store, Weights
from validation.finding import Place

__all__ = [
    "NAMESPACE",
    "SECRETS",
    "AccessMode",
    "Adapter",
    "Autoscaler",
    "Cluster",
    "Endpoint",
    "Engine",
    "Ignore",
    "Interceptor",
    "LicencePolicy",
    "Model",
    "NodePool",
    "Platform",
    "Replicas",
    "Scaling",
    "SecretKey",
    "Settings",
    "Store",
    "Validation",
    "Visibility",
    "Weights",
]


class Settings(Base):
    """A whole stack. Secrets are not in it: ``secrets`` only names those that are set."""

    cluster: Cluster
    """Where the models run."""
    engine: Engine
    """The vLLM that serves them."""
    validation: Validation = Validation()
    """How strictly they are checked."""
    node_pools: Annotated[tuple[NodePool, ...], LOOSE, Field(max_length=MAX_ITEMS)]
    """The GPU nodes."""
    models: Annotated[tuple[Model, ...], LOOSE, Field(max_length=MAX_ITEMS)]
    """The models."""
    hosts: Annotated[tuple[Host, ...], LOOSE, Field(max_length=MAX_ITEMS)] = ()
    """Host names that several models share."""
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

    def shares_its_name(self, model: Model) -> bool:
        """Return whether another model serves the same name, as a canary does."""
        names = [each.served_model_name or each.name for each in self.models]
        return names.count(model.served_model_name or model.name) > 1

    def pool(self, name: str) -> NodePool:
        """Return the pool of this name; raise KeyError when there is none, which the reader has refused."""
        for pool in self.node_pools:
            if pool.name == name:
                return pool
        raise KeyError(name)

    def located(self, places: Mapping[str, Place], secrets: frozenset[str]) -> "Settings":
        """Return the same settings with the places of their keys and the names of the secrets that are set."""
        copy = self.model_copy()
        copy._places = dict(places)  # noqa: SLF001 - a new object of this very class
        copy._secrets = secrets  # noqa: SLF001 - as above
        return copy
