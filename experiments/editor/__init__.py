"""The structured editor at the desk: the same pipeline, with keyboard and mouse as the selector."""
