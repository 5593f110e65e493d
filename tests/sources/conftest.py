"""The stand-in as a fixture for the tests of the sources."""

from tests.hub.fixtures import hub

__all__ = ["hub"]
