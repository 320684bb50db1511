"""What projects among the cases import and the linter cannot find."""
