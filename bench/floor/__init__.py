"""The floor: what the same machine gives to the barest program that does the same kind of thing."""
