"""Fixing: the fixes of a file applied in rounds, each held against a fresh run of the checker."""
