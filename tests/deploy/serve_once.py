"""Starts the server, waits until it is ready, asks it one question over HTTP, prints the answer and ends it."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request

PATIENCE = 120  # seconds


def main() -> None:
    """Do it."""
    command = [sys.executable, "-m", "ui.cli", "serve", "--port", "0", "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            address = next(word for word in server.stdout.readline().split() if word.startswith("http"))
            wait_for(f"{address}readyz")
            asked = json.dumps({"question": "How many watts does the lamp of the pier burn?"}).encode()
            request = urllib.request.Request(
                f"{address}api/ask", data=asked, headers={"Content-Type": "application/json"}
            )
            with urllib.request.urlopen(request, timeout=60) as answer:
                print(json.loads(answer.read())["answer"].replace("\n", " "))
        finally:
            server.terminate()


def wait_for(address: str) -> None:
    """Wait until an address answers."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except urllib.error.URLError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit(f"{address} does not answer")


if __name__ == "__main__":
    main()
