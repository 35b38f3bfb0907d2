"""The REST interface under /api/v1: one module a noun, each a list of routes with plain handler functions.

`table.py` lists all of them. A new noun is a new module with `routes(...)`, and one line there.
"""
