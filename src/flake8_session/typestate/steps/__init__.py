"""Steps: one function for each kind of event, that gives all ways out of it."""
