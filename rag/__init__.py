"""A question and hits in, a grounded answer out."""
