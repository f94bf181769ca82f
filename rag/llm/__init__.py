"""Language models behind one SPEC: opening them, talking to them within bounds, and converting and serving ChatGLM."""
