"""When the documents do not say: the evidence, the fitted weights, and the words of a refusal."""
