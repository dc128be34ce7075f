"""Formulas of spreadsheets."""
