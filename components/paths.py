"""The paths of vLLM that a client may ever be led to, with the one method of each; all lie behind the API key."""

METHODS = {
    "/v1/chat/completions": "POST",
    "/v1/completions": "POST",
    "/v1/embeddings": "POST",
    "/v1/models": "GET",
    "/v1/responses": "POST",
}
