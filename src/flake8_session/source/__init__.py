"""Source: from bytes to text, and from text to the slices that are worth parsing."""
