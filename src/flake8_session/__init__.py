"""Finds misuse of SQLAlchemy sessions in Python code and mends it."""
