"""The certificate of a host name, signed and renewed by cert-manager."""

from typing import Any

from components.endpoint.args import IssuerArgs

CERTIFICATE_API = "cert-manager.io/v1"


def certificate_spec(*, hostname: str, secret: str, issuer: IssuerArgs) -> dict[str, Any]:
    """Return the spec of a Certificate that writes this Secret, with a new key at each renewal."""
    return {
        "secretName": secret,
        "dnsNames": [hostname],
        "issuerRef": {
            "group": "cert-manager.io",
            "kind": issuer.get("kind", "ClusterIssuer"),
            "name": issuer["name"],
        },
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
        "usages": ["digital signature", "server auth"],
    }
