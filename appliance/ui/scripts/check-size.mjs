// After a build: gzips each file for the server to send as it is, and fails when the first route weighs more than it may.
import { gzipSync } from 'node:zlib';
import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = new URL('../../../artifacts/ui/', import.meta.url).pathname;
const firstRouteMax = 400 * 1024;
const manifest = JSON.parse(readFileSync(join(folder, '.vite/manifest.json'), 'utf8'));
rmSync(join(folder, '.vite'), { recursive: true });

const sizes = new Map();
for (const name of readdirSync(folder, { recursive: true })) {
  const path = join(folder, name);
  if (statSync(path).isFile()) {
    const gzip = gzipSync(readFileSync(path), { level: 9 });
    sizes.set(name, gzip.length);
    writeFileSync(`${path}.gz`, gzip);
    rmSync(path);
  }
}

// The first route: the page, what it starts with, and the dashboard. Fonts are counted too: those that its text is set in.
const first = new Set(['index.html', 'logo.svg']);
const add = (key) => {
  const part = manifest[key];
  if (first.has(part.file)) return;
  first.add(part.file);
  (part.css ?? []).forEach((file) => first.add(file));
  (part.imports ?? []).forEach(add);
};
add('index.html');
add('src/pages/DashboardPage.tsx');
for (const name of sizes.keys()) if (/^assets\/RedHat(Text|Display)VF-(?!Italic)/.test(name)) first.add(name);
const weight = [...first].reduce((sum, file) => sum + sizes.get(file), 0);
console.log(`first route: ${(weight / 1024).toFixed(0)} KiB gzip, of ${firstRouteMax / 1024}`);
if (weight > firstRouteMax) {
  for (const file of first) console.error(`${String(sizes.get(file)).padStart(8)} ${file}`);
  process.exit(1);
}
