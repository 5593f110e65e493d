"""GPU memory: weights, KV cache, overhead, parallelism, and the catalogue of GPUs and instances."""
