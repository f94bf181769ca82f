"""Statements and what they stand on: marks, citations, and whether a quote says what it is cited for."""
