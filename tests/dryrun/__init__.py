"""Tests of dryrun."""
