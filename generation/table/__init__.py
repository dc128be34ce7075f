"""Cells and rows of tables."""
