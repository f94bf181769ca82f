"""Indexes in an engine that several machines share: Milvus, or PostgreSQL with pgvector.

An engine finds numbers of passages; what words are, what a question asks for and how both legs are fused is decided by the
same code as in an index of this process. Nothing here is loaded before an engine is named.
"""
