"""Make the table of one vLLM version from its published sdist or wheel, by reading it: nothing is imported or run."""
