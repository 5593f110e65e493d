"""One module a platform, each with ``make(name, args, parent) -> Pool``."""
