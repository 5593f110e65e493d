"""Contracts and engine tables: dated data, and their readers."""
