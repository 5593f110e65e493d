"""LoRA adapters of a model: small differences to its weights, each served under a name of its own."""

from stacks import form
from stacks.base import Base


class Adapter(Base):
    """One LoRA adapter, served beside its model."""

    name: form.Name
    """What clients send as `model` to be answered with it."""
    source: form.Source
    """`hf://organisation/name`, or the path of a folder."""
    revision: form.Revision = ""
    """The commit, branch or tag; `python -m validation pin` writes the commit."""
    path: form.SubPath | None = None
    """For a local folder: where its files lie inside the model's claim or image."""

    @property
    def local(self) -> bool:
        """Return whether the source is a folder."""
        return not self.source.startswith("hf://")
