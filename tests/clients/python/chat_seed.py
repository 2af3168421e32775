# mypy: disable-error-code="import-not-found,import-untyped"
"""The request of the seed, with the SDK's defaults: prints the text and the tokens used."""

import sys

import openai

model = sys.argv[1]
try:
    stream = openai.OpenAI().chat.completions.create(
        model=model,
        messages=[
            {"role": "system", "content": "You are a helpful assistant"},
            {"role": "user", "content": "Say hi in Portuguese"},
        ],
        max_completion_tokens=4000,
        stream_options={"include_usage": True},
        stream=True,
    )
except openai.APIStatusError as error:
    print(f"{type(error).__name__}: {error}")
    sys.exit(9)
text, tokens = "", 0
for chunk in stream:
    for choice in chunk.choices:
        text += choice.delta.content or ""
    if chunk.usage:
        tokens = chunk.usage.completion_tokens
print(text, tokens)
