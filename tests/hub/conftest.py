"""The stand-in as a fixture for its own tests."""

from tests.hub.fixtures import hub

__all__ = ["hub"]
