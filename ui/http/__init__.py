"""The HTTP interface: /v1 as OpenAI's clients speak it, /api for everything else, /mcp, health and metrics.

``answering`` says who answers, ``chat`` and ``rest`` are the routes, ``door`` lets callers in, ``watching`` counts and logs.
Nothing here knows the page.
"""
