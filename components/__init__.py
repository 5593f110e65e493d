"""Pulumi components that deploy what was checked: node pools, weights, servers, endpoints.

Each is a class with its ``Args``, knows nothing of the stack's settings, and takes plain data or another component's
outputs. The program joins them, for each model::

    validation = ModelValidation(name, {"model": name, "verdict": report.verdict, "findings": [...], ...})
    if validation.blocks:
        continue  # its findings are logged under its URN; the others' plan still shows
    key = ApiKey(name, {"namespace": space.namespace})
    weights = ModelWeights(name, {
        "namespace": space.namespace, "repository": facts.repository, "commit": report.commit,
        "files": server_files(files, prediction.weight_files), "image": image, "replicas": replicas,
        "node_selector": pool.node_selector, "tolerations": pool.tolerations,
    })
    service = VllmInferenceService(name, {
        "namespace": space.namespace, "image": image, "served_model_name": name, "replicas": replicas,
        "claim_name": weights.claim_name, "model_path": weights.model_path,
        "manifest_digest": weights.manifest_digest, "single_node_volume": weights.single_node,
        "gpu_resource": pool.gpu_resource, "node_selector": pool.node_selector, "tolerations": pool.tolerations,
        "api_key_secret_name": key.secret_name, "api_key_secret_key": key.secret_key,
        "max_model_len": memory.max_model_len, ...
    })
    endpoint = InferenceEndpoint(name, {
        "namespace": space.namespace, "service_name": service.service_name, "visibility": "private",
        "endpoints": report.model.endpoints, "has_api_key": True,
    })

All ``ModelValidation`` components are made first. When one blocks and this is no dry run, the program raises its
``RunError`` before it makes anything else: they have no children, so nothing is created, and since the program ends in
an error, nothing is deleted either.
"""
