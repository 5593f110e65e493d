"""Check Hugging Face model repositories against a contract, a vLLM version and the GPUs that will serve them.

Pure Python without Pulumi: usable as a library, as ``python -m validation``, and by the Pulumi program.
"""
