"""What one vLLM version would make of a repository, predicted from its files without running anything."""
