# mypy: disable-error-code="import-not-found,import-untyped"
import os
import sys

import requests
import sse

URL = "https://api.openai.com/v1/chat/completions"
body = {
    "model": "gpt-4o-mini",
    "messages": [{"role": "user", "content": sys.argv[1]}],
}

with requests.Session() as session:
    session.headers["Authorization"] = f"Bearer {os.environ['OPENAI_API_KEY']}"
    answer = session.post(URL, json=body)
    answer.raise_for_status()
    print("JSON", answer.json()["choices"][0]["message"]["content"])
    with session.post(URL, json=body | {"stream": True}, stream=True) as stream:
        stream.raise_for_status()
        print("SSE", sse.text(line.decode() for line in stream.iter_lines()))
