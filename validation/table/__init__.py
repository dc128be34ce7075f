"""Table to verdict: may a cell, a row or a whole table stand, or become one that may?"""
