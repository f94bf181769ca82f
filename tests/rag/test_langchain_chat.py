"""LangChain's own suite for chat models over the two classes that we define; what needs tools or images is skipped by it."""

from __future__ import annotations

import pytest
from langchain_tests.integration_tests import ChatModelIntegrationTests

from rag.llm.chatglm import ChatGLM
from rag.llm.local_models import TransformersChat

pytestmark = pytest.mark.long


class LocalChatSuite(ChatModelIntegrationTests):
    """What the suite is told of both."""

    @property
    def has_tool_calling(self):
        return False

    @property
    def has_structured_output(self):
        return False

    @property
    def returns_usage_metadata(self):
        return False


class TestTransformersChat(LocalChatSuite):
    @property
    def chat_model_class(self):
        return TransformersChat

    @property
    def chat_model_params(self):
        return {"path": str(self.path)}

    @pytest.fixture(scope="class")
    def model(self, request, load_beside, tmp_path_factory):
        pytest.importorskip("transformers", reason="the transformers package is not installed")
        write = load_beside("tiny_model").write
        request.cls.path = write(tmp_path_factory.mktemp("m"), window=2_048, says=("It is ", "so", "."))
        return TransformersChat(path=str(request.cls.path))


class TestChatGLM(LocalChatSuite):
    @property
    def chat_model_class(self):
        return ChatGLM

    @property
    def chat_model_params(self):
        return {"file": str(self.file)}

    @pytest.fixture(scope="class")
    def model(self, request, load_beside, tmp_path_factory):
        pytest.importorskip("chatglm_cpp", reason="the extra [chatglm] is not installed")
        write = load_beside("tiny_chatglm").write
        request.cls.file = write(tmp_path_factory.mktemp("m") / "model.bin", window=2_048, says=("▁It▁is", "▁so", "。"))
        return ChatGLM(file=str(request.cls.file))


del LocalChatSuite, ChatModelIntegrationTests  # or they would be collected too
