"""A question and hits in, a grounded answer out.

The whole of it: ``Assistant.open().ask("ChatGLM-6B 量化后最低要多少显存?")``.
"""

from rag.answers import Answer, Citation, Message
from rag.assistant import Assistant, Conversation
from rag.errors import AnswerError, BadQuestion, LLMError

__all__ = ["Answer", "AnswerError", "Assistant", "BadQuestion", "Citation", "Conversation", "LLMError", "Message"]
