"""Stands for code of the author, which nothing here runs."""  # noqa: INP001 - a file of an example repository
