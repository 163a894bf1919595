// Whether the queries of docs/perfetto-queries.md have the answers that stand below them, in every
// format.
//
//   node queries.mjs DIST ROOT SAMPLES [--bless]      SAMPLES holds NAME.json and NAME.pftrace
import fs from 'node:fs';
import path from 'node:path';
import { TraceProcessor } from './tp.mjs';

const [dist, root, samples, bless] = process.argv.slice(2);
const file = path.join(root, 'docs/perfetto-queries.md');
const text = fs.readFileSync(file, 'utf8');
const QUERY = /## (\d+)\.[^#]*?In `([^`]+)`:\n\n```sql\n([^`]*)```\n\n```text\n([^`]*)```/g;

const processors = new Map();

async function processor(name) {
  if (!processors.has(name)) {
    const tp = await TraceProcessor.create(dist);
    tp.load(path.join(samples, name));
    processors.set(name, tp);
  }
  return processors.get(name);
}

/** Columns as wide as they must be. */
function table({ cols, rows }) {
  const lines = [cols, ...rows.map((row) => row.map((cell) => (cell === null ? '–' : String(cell))))];
  const widths = cols.map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  return lines.map((line) =>
    line.map((cell, i) => cell.padEnd(widths[i])).join('  ').trimEnd()).join('\n') + '\n';
}

let failed = 0, asked = 0, answers = text;
for (const [whole, number, name, sql, expected] of text.matchAll(QUERY)) {
  asked += 1;
  for (const ending of ['json', 'pftrace']) {
    const found = table((await processor(`${name}.${ending}`)).query(sql));
    if (bless === '--bless' && ending === 'json') {
      answers = answers.replace(whole, () => whole.replace(`\`\`\`text\n${expected}`, () => `\`\`\`text\n${found}`));
      continue;
    }
    const wanted = bless === '--bless' ? table((await processor(`${name}.json`)).query(sql)) : expected;
    if (found !== wanted || found.split('\n').length < 3) {
      failed += 1;
      console.error(`query ${number} of ${name}.${ending}: the document has\n${wanted}Perfetto says\n${found}`);
    }
  }
}
if (asked !== 11) {
  console.error(`${file} has ${asked} queries that can be asked, not 11`);
  failed += 1;
}
if (failed) process.exit(1);
if (answers !== text) fs.writeFileSync(file, answers);
console.log(`Perfetto answers ${asked} queries of docs/perfetto-queries.md as they stand there`);
