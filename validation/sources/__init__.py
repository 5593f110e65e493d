"""Where facts come from: the Hub, a local folder, a lock file."""
