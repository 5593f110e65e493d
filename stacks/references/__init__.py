"""What no single key can say: keys of a stack that have to agree with each other, one module a topic."""
