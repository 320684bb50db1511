"""Facts: the questions that rules may ask of a solved function."""
