"""What a question asks: its names, its words, the kind of answer, and what earlier turns give it."""
