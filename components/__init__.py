"""Pulumi components that deploy what was checked: node pools, weights, servers, endpoints.

Each is a class with its ``Args`` in a module of its own, knows nothing of the stack's settings, and takes plain data or
another component's outputs. The program joins them::

    validation = ModelValidation(name, report_data)             # logs each finding under its URN
    if not validation.blocks:
        key = ApiKey(name, {"namespace": namespace.namespace})
        weights = ModelWeights(name, {"commit": commit, "files": files, ...})
        service = VllmInferenceService(name, {"claim_name": weights.claim_name, "model_path": weights.model_path, ...})
        InferenceEndpoint(name, {"service_name": service.service_name, "visibility": "private", ...})

All models are checked before the first component is made. When one failed and this is no dry run, only the
``ModelValidation`` components are registered: they have no children, so nothing is created, and since the program ends
in a ``RunError``, nothing is deleted either.
"""
