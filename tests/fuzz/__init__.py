"""Tests that feed bytes of any kind to every reader of what strangers wrote."""
