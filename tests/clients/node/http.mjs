// One call, and one that streams, by the library named: `node http.mjs axios MESSAGE`.
import https from 'node:https';

const url = 'https://api.openai.com/v1/chat/completions';
const [library, content] = process.argv.slice(2);
const headers = { 'content-type': 'application/json', authorization: `Bearer ${process.env.OPENAI_API_KEY}` };

const byFetch = (fetch) => async (body) => {
  const response = await fetch(url, { method: 'POST', headers, body });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.text();
};

const libraries = {
  fetch: () => byFetch(fetch),
  'node-fetch': async () => byFetch((await import('node-fetch')).default),
  undici: async () => byFetch((await import('undici')).fetch),
  axios: async () => {
    const { default: axios } = await import('axios');
    return async (data) => (await axios.post(url, data, { headers, responseType: 'text' })).data;
  },
  https: () => (body) =>
    new Promise((resolve, reject) => {
      const request = https.request(url, { method: 'POST', headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
        response.on('end', () => resolve(text));
      });
      request.on('error', reject).end(body);
    }),
};

const post = await libraries[library]();
const body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content }] };

const answer = await post(JSON.stringify(body));
console.log('JSON', (typeof answer === 'string' ? JSON.parse(answer) : answer).choices[0].message.content);

const events = await post(JSON.stringify({ ...body, stream: true }));
const chunks = [...events.matchAll(/^data: (\{.*)$/gm)].map(([, data]) => JSON.parse(data));
console.log('SSE', chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''));
