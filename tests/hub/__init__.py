"""A stand-in for the Hub that speaks real HTTP on loopback: see ``tests.hub.fixtures`` for how to use it."""
