#!/usr/bin/env bash
# Writes requirements.lock: what `pip install 'survey-qa[office]'` brings along, pinned and with the hashes that PyPI has of every file.
# torch and what only its CUDA build needs are left out, because which build is right depends on the machine: other hashes, other indexes.
set -euo pipefail
cd "$(dirname "$0")/../.."
header='# What `pip install "survey-qa[office]"` brings along, pinned and hashed; written by tests/tools/lock.sh. Not in it: torch (see SECURITY.md).
# pip install torch==2.13.0 && pip install --require-hashes --no-deps -r requirements.lock && pip install --no-deps survey-qa'
{
  printf '%s\n' "$header"
  uv pip compile -q pyproject.toml --extra office -c constraints.txt --generate-hashes --python-version 3.11 --python-platform linux \
    --no-header --no-annotate --no-emit-package torch "$@" |
    awk '/^[A-Za-z0-9]/ { cuda = /^(nvidia-|cuda-|triton)/ } !cuda'
} >requirements.lock.new
mv requirements.lock.new requirements.lock
