"""The vLLM server pod, piece by piece: arguments, environment, sizes, probes, volumes, network."""
