"""Lowering: from the syntax of one file to graphs of events, a function of the text alone."""
