"""The script that runs in the prefetch pod; it needs nothing but Python's standard library."""
