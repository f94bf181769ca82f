"""Passages in, ranked hits out: embedders, vectors, lexical search, fusing, saving."""
