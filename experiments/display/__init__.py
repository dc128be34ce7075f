"""Showing pages and blocks, and telling when each frame was really shown."""
