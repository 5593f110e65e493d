"""Tests of the example repositories."""
