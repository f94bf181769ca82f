"""Answers in the documents' own words, without a language model: pieces, rows and entries chosen, compared, put together."""
