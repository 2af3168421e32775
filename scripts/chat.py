"""A program as any other: streams a chat from the API and prints the answer.

It knows nothing of anyvcr. urllib reads HTTPS_PROXY and SSL_CERT_FILE, as most libraries do.
"""

import json
import os
import sys
import urllib.request

URL = (
    os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1") + "/chat/completions"
)


def chat(prompt: str) -> str:
    body = {
        "messages": [
            {"content": "You are a helpful assistant", "role": "system"},
            {"content": prompt, "role": "user"},
        ],
        "model": "o4-mini",
        "max_completion_tokens": 4000,
        "stream_options": {"include_usage": True},
        "stream": True,
    }
    request = urllib.request.Request(
        URL,
        data=json.dumps(body).encode(),
        headers={
            "Content-Type": "application/json",
            "Authorization": f"Bearer {os.environ.get('OPENAI_API_KEY', '')}",
        },
    )
    text = ""
    with urllib.request.urlopen(request) as answer:
        for line in answer:
            if line.startswith(b"data: {"):
                for choice in json.loads(line[6:])["choices"]:
                    text += choice["delta"].get("content") or ""
    return text


if __name__ == "__main__":
    print(chat(sys.argv[1]))
