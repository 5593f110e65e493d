"""Stands for code of the repository's author, which nothing here ever runs."""
