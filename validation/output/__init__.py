"""One pure function a format, from reports to text."""
