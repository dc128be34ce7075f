"""Candidate to verdict: may the document with this candidate stand?"""
