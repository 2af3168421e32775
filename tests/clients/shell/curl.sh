#!/bin/sh
# curl: `curl.sh MESSAGE`, the message without quotes or backslashes.
set -eu
url=https://api.openai.com/v1/chat/completions
messages='[{"role":"user","content":"'$1'"}]'

post() {
  curl --silent --show-error --fail --no-buffer "$url" \
    --header "Authorization: Bearer $OPENAI_API_KEY" \
    --header 'Content-Type: application/json' --data "$1"
}
content() {
  grep -o '"content": *"[^"]*"' | sed 's/^"content": *"\(.*\)"$/\1/' | tr -d '\n'
}

json=$(post '{"model":"gpt-4o-mini","messages":'"$messages"'}')
sse=$(post '{"model":"gpt-4o-mini","messages":'"$messages"',"stream":true}')
echo "JSON $(echo "$json" | content)"
echo "SSE $(echo "$sse" | content)"
