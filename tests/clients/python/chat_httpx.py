# mypy: disable-error-code="import-not-found,import-untyped"
import os
import sys

import httpx
import sse

URL = "https://api.openai.com/v1/chat/completions"
body = {
    "model": "gpt-4o-mini",
    "messages": [{"role": "user", "content": sys.argv[1]}],
}
headers = {"Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}"}

with httpx.Client(headers=headers) as client:
    answer = client.post(URL, json=body).raise_for_status()
    print("JSON", answer.json()["choices"][0]["message"]["content"])
    with client.stream("POST", URL, json=body | {"stream": True}) as stream:
        print("SSE", sse.text(stream.raise_for_status().iter_lines()))
