// A test suite in miniature: `node calls.mjs COUNT` asks the API that often.
const url = process.env.OPENAI_BASE_URL ?? "https://api.openai.com/v1";
for (let number = 0; number < Number(process.argv[2]); number++) {
  const answer = await fetch(`${url}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    // As these bytes, for those that compare bytes.
    body: `{"model": "gpt-4o-mini", "messages": [{"role": "system", "content": "You answer in Portuguese, in one sentence."}, {"role": "user", "content": "Question number ${number}: how are you?"}], "stream": false}`,
  });
  const text = await answer.text();
  const wanted = `answer-${String(number).padStart(6, "0")}.`;
  if (!answer.ok || !text.includes(wanted)) throw new Error(`${answer.status}: ${text}`);
}
