"""How requests come into the cluster: the Gateway, whose policies guard it, and who signs its certificates."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from stacks import form
from stacks.base import LOOSE, Base


class Gateway(Base):
    """The Gateway of the cluster that public endpoints attach their route to."""

    name: form.ObjectName
    """The Gateway's name."""
    namespace: form.Namespace
    """The namespace it lives in."""
    section_name: form.ObjectName | None = None
    """The listener to attach to; left out: `https`."""


class IssuerKind(StrEnum):
    """Which of cert-manager's issuers."""

    CLUSTER_ISSUER = "ClusterIssuer"
    ISSUER = "Issuer"


class CertificateIssuer(Base):
    """An issuer of cert-manager, which has to prove host names by DNS: no port 80 is opened for it."""

    kind: Annotated[IssuerKind, LOOSE] = IssuerKind.CLUSTER_ISSUER
    """`ClusterIssuer`, or `Issuer` for one in the stack's namespace."""
    name: form.ObjectName
    """The issuer's name."""


class GatewayPolicies(StrEnum):
    """Whose policies guard public endpoints."""

    ENVOY_GATEWAY = "envoy-gateway"
    NONE = "none"


class Entrance(Base):
    """How requests come into the cluster."""

    gateway: Gateway | None = None
    """The Gateway that public endpoints attach to; left out: each gets its own."""
    gateway_class: form.ObjectName | None = None
    """The class of Gateways that are made; left out: `eg`."""
    gateway_policies: Annotated[GatewayPolicies, LOOSE] = GatewayPolicies.ENVOY_GATEWAY
    """Whose policies guard public endpoints: Envoy Gateway's (1.8 or newer), or `none` for another gateway."""
    proxy_namespaces: Annotated[tuple[form.Namespace, ...], LOOSE, Field(max_length=16)] = ()
    """Where the gateway's proxies run; empty: `envoy-gateway-system` and the Gateway's own namespace."""
    certificate_issuer: CertificateIssuer | None = None
    """Who signs the certificates of Gateways that are made; left out: their Secrets are there already."""
