#!/bin/sh
# Calls of curl, by name: each prints a line `NAME: ANSWER`, as far as grep and sed can read it.
set -u
api=https://api.openai.com/v1
questions='"model":"gpt-4o-mini","temperature":1,"messages":[
  {"role":"system","content":"Be <brief>."},{"role":"user","content":"naïve ✓ 😀"}]'

send() {
  path=$1
  shift
  curl --silent --show-error --no-buffer "$api/$path" --header "Authorization: Bearer $OPENAI_API_KEY" "$@"
}
post() {
  send "$1" --header 'Content-Type: application/json' --data "$2"
}
# The texts of all members of that name, joined.
texts() {
  grep -Eo '"('"$1"')": *"([^"\\]|\\.)*"' | sed -E 's/^"[a-z]*": *"(.*)"$/\1/' | tr -d '\n'
}
vectors() {
  grep -Eo '"embedding": *("[^"]*"|\[[^]]*\])' | sed -E 's/^"embedding": *//; s/[",]//g' | paste -s -d ' '
}

call() {
  case $1 in
    chat) post chat/completions "{$questions}" | texts 'content|message' ;;
    stream) post chat/completions "{$questions,\"stream\":true,\"stream_options\":{\"include_usage\":true}}" | texts 'content|message' ;;
    embeddings) post embeddings '{"model":"text-embedding-3-small","input":["one","two"]}' | vectors ;;
    floats) post embeddings '{"model":"text-embedding-3-small","input":["one","two"],"encoding_format":"float"}' | vectors ;;
    transcription) send audio/transcriptions --form file=@speech.wav --form model=whisper-1 --form language=pt | texts 'text|message' ;;
    responses) post responses '{"model":"gpt-4o-mini","input":"naïve ✓ 😀","max_output_tokens":100}' | texts 'text|message' ;;
  esac
}
for name; do
  echo "$name: $(call "$name")"
done
