"""The volume of a model's files and the Job that fills it, piece by piece."""
