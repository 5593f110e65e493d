"""Names that Kubernetes' provider would make, made the same way each time."""

import hashlib
from typing import Final

from google.protobuf import struct_pb2

from dryrun.value import SIGNATURE

SUFFIX_LENGTH: Final = 8
MAX_NAME: Final = 253  # of most kinds; those that take 63 only are caught by the API server


def object_name(urn: str, name: str) -> str:
    """Return ``NAME-xxxxxxxx`` as the provider does for an object without a name, from the URN instead of by chance."""
    suffix = hashlib.sha256(urn.encode()).hexdigest()[:SUFFIX_LENGTH]
    return f"{name[: MAX_NAME - SUFFIX_LENGTH - 1]}-{suffix}"


def name_object(wire: struct_pb2.Struct, urn: str, type_: str, name: str) -> None:
    """Give a Kubernetes object without ``metadata.name`` the name that the provider's rule gives it, in place."""
    if not type_.startswith("kubernetes:") or not {"apiVersion", "kind"} <= wire.fields.keys():
        return
    if "metadata" not in wire.fields:
        wire.fields["metadata"].struct_value.SetInParent()
    if wire.fields["metadata"].WhichOneof("kind") != "struct_value":
        return  # not known yet
    metadata = wire.fields["metadata"].struct_value.fields
    if not {"name", "generateName", SIGNATURE} & metadata.keys():
        metadata["name"].string_value = object_name(urn, name)
