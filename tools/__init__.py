"""Scripts that the project is kept with."""
