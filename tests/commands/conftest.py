"""The stand-in for the Hub, for the commands' tests."""

from tests.hub.fixtures import hub

__all__ = ["hub"]
