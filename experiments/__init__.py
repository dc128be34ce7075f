"""The only place where signals and documents meet."""
