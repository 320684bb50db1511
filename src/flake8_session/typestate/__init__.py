"""Typestate: how sessions and instances move from event to event."""
