"""Runs in the prefetch pods, as ``python3 -m prefetch``: bring exactly the listed files of a commit, verify every one.

It needs nothing but Python's standard library, and never prints the token or a signed address.
"""
