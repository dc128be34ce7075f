"""Words and characters of a natural language."""
