// A conversation by the official SDK over a WebSocket: `websocket.mjs responses|realtime`.
// Prints every event as it came, one a line; those of streams beside each other by stream.
import OpenAI from 'openai7';
import { OpenAIRealtimeWS } from 'openai7/realtime/ws';
import { ResponsesWS } from 'openai7/resources/responses/ws';

const model = 'gpt-4o-mini';
const ends = ['response.completed', 'response.incomplete', 'response.done', 'error'];
const audio = Buffer.alloc(25600, Uint8Array.from({ length: 256 }, (_, byte) => byte));

// The events of a connection, in a queue: nothing is lost between two listens.
class Events {
  constructor(connection) {
    this.queue = [];
    this.wake = () => {};
    this.socket = connection.socket;
    connection.on('error', (error) => this.push({ type: 'error', message: error.message }));
    connection.on('event', (event) => this.push(event));
  }

  push(event) {
    this.queue.push(event);
    this.wake();
  }

  async next() {
    while (this.queue.length === 0) {
      await new Promise((resolve) => {
        this.wake = resolve;
      });
    }
    return this.queue.shift();
  }

  // Prints what comes until an event of one of `kinds`; that event.
  async listen(kinds = ends) {
    for (;;) {
      const event = await this.next();
      console.log(JSON.stringify(event));
      if (kinds.includes(event.type)) return event;
    }
  }
}

const opened = (socket) =>
  new Promise((resolve) => {
    if (socket.readyState === 1) resolve();
    else socket.on('open', resolve);
  });

const spoken = {
  responses: async () => {
    const connection = new ResponsesWS(new OpenAI());
    const events = new Events(connection);
    const create = (fields) => connection.send({ type: 'response.create', model, ...fields });
    create({ input: 'first' });
    const first = await events.listen();
    create({ input: 'second', previous_response_id: first.response.id });
    await events.listen();
    const said = { one: [], two: [], three: [] };
    const open = new Set(Object.keys(said));
    for (const stream of open) create({ input: stream, stream_id: stream });
    while (open.size) {
      const event = await events.next();
      said[event.stream_id].push(event);
      if (ends.includes(event.type)) open.delete(event.stream_id);
    }
    for (const stream of Object.values(said).flat()) console.log(JSON.stringify(stream));
    connection.close();
  },

  realtime: async () => {
    const connection = new OpenAIRealtimeWS({ model: 'gpt-realtime' }, new OpenAI());
    const events = new Events(connection);
    await opened(connection.socket);
    await events.listen(['session.created']);
    for (const modality of ['text', 'audio']) {
      connection.send({ type: 'session.update', session: { type: 'realtime', output_modalities: [modality] } });
      for (let begin = 0; begin < audio.length; begin += 4000) {
        const piece = audio.subarray(begin, begin + 4000).toString('base64');
        connection.send({ type: 'input_audio_buffer.append', audio: piece });
      }
      connection.send({ type: 'input_audio_buffer.commit' });
      connection.send({ type: 'response.create' });
      await events.listen();
    }
    connection.send({ type: 'response.create' });
    await events.listen(['response.output_audio.delta']);
    connection.send({ type: 'response.cancel' });
    await events.listen();
    connection.close();
  },
};

await spoken[process.argv[2]]();
