"""Node pools, platform by platform."""
