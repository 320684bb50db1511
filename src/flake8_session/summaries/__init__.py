"""Summaries: what calling a function of the project does to what it is given, found by the same solver."""
