"""The provider packages of the clouds: imported only where a platform is used."""

import importlib
from types import ModuleType

import pulumi


def load(platform: str, package: str, module: str) -> ModuleType:
    """Return a provider's module; raise RunError that names the package to install."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise pulumi.RunError(
            f"platform `{platform}` needs the package {package}: add its line of requirements-optional.txt to "
            "requirements.txt and run `make lock setup`"
        ) from None
