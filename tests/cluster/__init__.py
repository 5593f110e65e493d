"""Tests against a real Kubernetes API server, scheduler and controllers, with kwok's fake GPU nodes."""
