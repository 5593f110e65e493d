"""Where the files of a model are kept in the cluster."""

from enum import StrEnum
from typing import Annotated

from stacks import form
from stacks.base import LOOSE, Base


class AccessMode(StrEnum):
    """How many nodes may mount the volume at once."""

    READ_WRITE_ONCE = "ReadWriteOnce"
    READ_WRITE_MANY = "ReadWriteMany"
    READ_ONLY_MANY = "ReadOnlyMany"


class Store(StrEnum):
    """What holds the files: a volume, the disk of each node, or an image that is mounted."""

    VOLUME = "volume"
    NODE = "node"
    IMAGE = "image"


class Weights(Base):
    """Where the model's files are kept in the cluster."""

    store: Annotated[Store, LOOSE] = Store.VOLUME
    """`volume` that all replicas mount, the disk of each `node` of the pool (its `cachePath`), or an OCI `image`."""
    claim: form.ObjectName | None = None
    """A PersistentVolumeClaim that is there already; for a local folder the one that holds its files."""
    path: form.SubPath | None = None
    """The folder inside the claim, or inside the image."""
    image: form.PinnedImage | None = None
    """The OCI image that holds the files, by digest (store `image`)."""
    storage_class: form.ObjectName | None = None
    """The storage class of a new volume; left out: the cluster's."""
    access_mode: Annotated[AccessMode, LOOSE] | None = None
    """The access mode of a new volume; left out: derived from the replicas."""
