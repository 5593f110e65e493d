"""The embedded engine: runs the Pulumi program without the CLI, shows the plan, and renders manifests.

It asks no cloud and no cluster and keeps no state: for a first look, for tests, and for places without the CLI.
"""
