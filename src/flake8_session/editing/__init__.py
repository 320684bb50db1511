"""Editing: from what a rule wants mended to changes of the text, by way of the syntax tree."""
