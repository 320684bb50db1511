"""Linking: what a name stands for, SQLAlchemy's own things or the project's, without running anything."""
