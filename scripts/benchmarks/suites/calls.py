"""A test suite in miniature: `calls.py COUNT [vcrpy CASSETTE]` asks the API that often."""

import contextlib
import importlib
import json
import os
import sys

import httpx

URL = os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1")


def main() -> None:
    """Each call is another; the answers must be theirs."""
    count = int(sys.argv[1])
    with contextlib.ExitStack() as stack:
        if len(sys.argv) > 2:
            vcr = importlib.import_module("vcr")
            match = ["method", "scheme", "host", "port", "path", "query", "body"]
            stack.enter_context(vcr.use_cassette(sys.argv[3], match_on=match))
        client = stack.enter_context(httpx.Client(timeout=30))
        for number in range(count):
            question = {
                "model": "gpt-4o-mini",
                "messages": [
                    {
                        "role": "system",
                        "content": "You answer in Portuguese, in one sentence.",
                    },
                    {
                        "role": "user",
                        "content": f"Question number {number}: how are you?",
                    },
                ],
                "stream": False,
            }
            # As these bytes, for those that compare bytes.
            answer = client.post(
                f"{URL}/chat/completions",
                content=json.dumps(question),
                headers={"Content-Type": "application/json"},
            )
            content = answer.raise_for_status().json()["choices"][0]["message"][
                "content"
            ]
            assert content.startswith(f"answer-{number:06}."), content


if __name__ == "__main__":
    main()
