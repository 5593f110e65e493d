"""The stacks: one file an environment, and the typed schema that they follow."""
