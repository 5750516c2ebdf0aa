"""The sample city: who works in it, by which rules, and what has happened in it."""
