"""Tests of the joint between checks and components."""
