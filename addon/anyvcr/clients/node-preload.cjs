'use strict';

// Sends this process's HTTPS connections through HTTPS_PROXY, whichever library opens them.
//
// fetch and undici, https with any Agent, node-fetch, axios and ws all end in tls.connect,
// so that one function is replaced: it asks the proxy for a tunnel (CONNECT) and runs TLS
// over it. Node's own proxy support begins with 22.21 and never covers node-fetch or ws.
// Plain JavaScript for Node 18 and newer, without dependencies; NODE_EXTRA_CA_CERTS brings the trust.

const LOADED = Symbol.for('anyvcr.node-preload');

function proxyFrom(env) {
  let url;
  try {
    url = new URL(env.HTTPS_PROXY || env.https_proxy || '');
  } catch {
    return null;
  }
  if (url.protocol !== 'http:') return null;
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 80),
    authorization: credentials === ':' ? '' : `Basic ${Buffer.from(credentials).toString('base64')}`,
  };
}

function list(text) {
  return (text || '').toLowerCase().split(/[\s,]+/).filter(Boolean);
}

// `host`, `.host`, `*.host`, each also with a port; sub-domains are included.
function listed(host, entries) {
  return entries.some((entry) => {
    const name = entry.replace(/:\d+$/, '').replace(/^\*?\./, '');
    return name === '*' || host === name || host.endsWith(`.${name}`);
  });
}

function isLoopback(host) {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}

// HTTPS on its own port, as the proxies of other runtimes would see it, and the API
// wherever it is: a TLS connection to a database has no business with a proxy.
function isOurs(host, port, env) {
  if (isLoopback(host) || listed(host, list(env.NO_PROXY || env.no_proxy))) return false;
  return port === 443 || listed(host, list(env.ANYVCR_HOSTS));
}

// tls.connect takes (options), (port, host, options) or (path, options), each with a callback at the end.
function parsed(args) {
  const options = Object.assign({}, ...args.filter((a) => a !== null && typeof a === 'object'));
  const [first, second] = args;
  if (typeof first === 'number' || /^\d+$/.test(typeof first === 'string' ? first : '')) {
    options.port = first;
    if (typeof second === 'string') options.host = second;
  } else if (typeof first === 'string') {
    options.path = first;
  }
  return { options, callback: args.find((a) => typeof a === 'function') };
}

// The head of the proxy's answer ends at the first empty line.
function splitHead(buffer) {
  const end = buffer.indexOf('\r\n\r\n');
  if (end < 0) return null;
  return { status: buffer.toString('latin1', 0, end).split('\r\n')[0], rest: buffer.subarray(end + 4) };
}

function tunnelClass(net, Duplex) {
  // A stream to host:port, by way of the proxy; what is written before it stands waits.
  return class Tunnel extends Duplex {
    constructor(proxy, host, port) {
      super();
      this.waiting = [];
      this.isOpen = false;
      this.proxySocket = net.connect(proxy.port, proxy.host);
      this.proxySocket.setNoDelay(true);
      this.proxySocket.on('error', (error) => this.destroy(error));
      this.proxySocket.on('close', () => this.destroy());
      this.proxySocket.on('end', () => this.push(null));
      this.ask(proxy, host, port);
    }

    ask(proxy, host, port) {
      const target = `${net.isIPv6(host) ? `[${host}]` : host}:${port}`;
      const lines = [`CONNECT ${target} HTTP/1.1`, `Host: ${target}`];
      if (proxy.authorization) lines.push(`Proxy-Authorization: ${proxy.authorization}`);
      this.proxySocket.write(`${lines.join('\r\n')}\r\n\r\n`);
      let received = Buffer.alloc(0);
      const onData = (data) => {
        received = Buffer.concat([received, data]);
        const head = splitHead(received);
        if (head === null) return;
        this.proxySocket.off('data', onData);
        if (/^HTTP\/1\.[01] 200\b/.test(head.status)) this.open(head.rest);
        else this.destroy(new Error(`the proxy refused a tunnel to ${target}: ${head.status}`));
      };
      this.proxySocket.on('data', onData);
    }

    open(rest) {
      this.isOpen = true;
      this.proxySocket.on('data', (data) => {
        if (!this.push(data)) this.proxySocket.pause();
      });
      if (rest.length) this.push(rest);
      for (const [chunk, done] of this.waiting.splice(0)) this.proxySocket.write(chunk, done);
    }

    _read() {
      if (this.isOpen) this.proxySocket.resume();
    }

    _write(chunk, _encoding, done) {
      if (this.isOpen) this.proxySocket.write(chunk, done);
      else this.waiting.push([chunk, done]);
    }

    _final(done) {
      this.proxySocket.end(done);
    }

    _destroy(error, done) {
      this.proxySocket.destroy();
      done(error);
    }
  };
}

// undici and http.Agent unref their idle sockets; unheard, the process would outlive them.
function forwardRefs(socket, inner) {
  for (const method of ['ref', 'unref']) {
    const own = socket[method];
    socket[method] = function forwarded() {
      inner[method]();
      return own.call(this);
    };
  }
}

function replaceConnect(proxy, env) {
  const net = require('node:net');
  const tls = require('node:tls');
  const Tunnel = tunnelClass(net, require('node:stream').Duplex);
  const connect = tls.connect;
  tls.connect = function tunnelled(...args) {
    const { options, callback } = parsed(args);
    const host = String(options.host || options.hostname || options.servername || 'localhost').toLowerCase();
    const port = Number(options.port || 443);
    // A caller with a socket of its own has been through a proxy already, or wants none.
    if (options.socket || options.path || !isOurs(host, port, env)) return connect.apply(this, args);
    const tunnel = new Tunnel(proxy, host, port);
    const servername = options.servername || (net.isIP(host) ? '' : host);
    const socket = connect.call(this, { ...options, socket: tunnel, host, servername }, callback);
    forwardRefs(socket, tunnel.proxySocket);
    return socket;
  };
  require('node:module').syncBuiltinESMExports(); // for `import { connect } from 'node:tls'`
}

// NODE_USE_ENV_PROXY is there for Bun and Deno. Node 22 warns about it, once, on a program's
// stderr; workers and children have this preload instead.
function dropOwnProxySupport(env) {
  if (!env.NODE_USE_ENV_PROXY) return;
  delete env.NODE_USE_ENV_PROXY;
  const emit = process.emit;
  process.emit = function quiet(name, warning) {
    if (name !== 'warning' || warning?.code !== 'UNDICI-EHPA') return emit.apply(this, arguments);
    process.emit = emit;
    return false;
  };
}

function preload(env) {
  const proxy = proxyFrom(env);
  if (proxy === null || globalThis[LOADED]) return;
  globalThis[LOADED] = true;
  dropOwnProxySupport(env);
  replaceConnect(proxy, env);
}

preload(process.env);
