"""Pure functions from facts and wishes to findings, one module a family; `registry.py` lists them all."""
