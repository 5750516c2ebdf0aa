"""One module a source format: read → check → load."""
