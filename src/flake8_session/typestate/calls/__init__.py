"""Calls: what each does to the session and the instance that are followed."""
