// A person at a browser: Debian's Chromium at the appliance under VPROTECT_UI_ADDRESS. What the product's policy forbids, any script error, any other host and all that axe finds is a fault.
//   VPROTECT_UI_SHOTS: a directory for pictures of each page
//   VPROTECT_UI_FILES: a build (artifacts/ui) to show in place of the one in the program, so that nothing is compiled while pages are made
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { gunzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';

export const { VPROTECT_UI_ADDRESS: address, VPROTECT_UI_PASSWORD: firstPassword, VPROTECT_UI_SHOTS: shots, VPROTECT_UI_FILES: files } = process.env;
export const password = 'correct horse battery 9';
const axe = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
export const faults = [];

export const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--ignore-certificate-errors'] });
// The product's policy stands: only the checker is let in, by the debugger, which no policy binds.
export const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 800 } });
context.setDefaultTimeout(90_000); // A busy disk holds up what is written at a log-in for long: who waits longer hangs.
export const page = await context.newPage();
// Tests beside a story make networks, and Chromium then drops what it is loading, as it does when a person's machine changes networks: a person loads the page again.
const goto = page.goto.bind(page);
page.goto = (...where) => goto(...where).catch((error) => (/ERR_NETWORK_CHANGED/.test(error.message) ? goto(...where) : Promise.reject(error)));
context.on('console', (message) => { if (/Content Security Policy/i.test(message.text())) faults.push(message.text()); });
context.on('weberror', (error) => faults.push(`script: ${error.error().message}`));
context.on('request', (request) => { if (!request.url().startsWith(address) && !request.url().startsWith('blob:')) faults.push(`asks another host: ${request.url()}`); });
if (files) {
  const types = { html: 'text/html; charset=utf-8', css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8', svg: 'image/svg+xml', woff2: 'font/woff2' };
  await context.route(`${address}ui/**`, async (route) => {
    const wanted = new URL(route.request().url()).pathname.slice('/ui/'.length);
    const file = wanted && existsSync(join(files, `${wanted}.gz`)) ? wanted : 'index.html';
    const { headers } = await context.request.head(`${address}ui/`).then((answer) => ({ headers: answer.headers() }), () => ({ headers: {} }));
    const { 'content-encoding': _, 'content-length': __, ...kept } = headers;
    await route.fulfill({ headers: { ...kept, 'content-type': types[file.split('.').pop()] }, body: gunzipSync(readFileSync(join(files, `${file}.gz`))) });
  });
}

export const step = (name) => console.log(`- ${name}`);
export const button = (name, inside = page) => inside.getByRole('button', { name, exact: true });
export const heading = (name) => page.getByRole('heading', { name, exact: true, level: 1 }).waitFor();
export const area = async (name) => { await page.getByRole('navigation', { name: 'Areas' }).getByRole('link', { name }).click(); await heading(name); };
export const logIn = async (secret, login = 'admin') => {
  await page.locator('#login').fill(login);
  await page.locator('#password').fill(secret);
  await button('Log in').click();
};
/** The first log-in: the one-time password is changed. */
export const begin = async () => {
  await page.goto(`${address}ui/`);
  await logIn(firstPassword);
  await heading('VProtect: Change the password');
  await changePassword(firstPassword, password);
};
export const changePassword = async (current, next) => {
  await page.locator('#current').fill(current);
  await page.locator('#next').fill(next);
  await page.locator('#again').fill(next);
  await button('Change it').click();
};
/** Tells who started the story to do something with the appliance, and waits until it is done. */
export const ask = async (what) => {
  console.log(`@${what}`);
  await lines.next();
};

/** No fault of accessibility, in light and in dark; pictures at two widths. */
export async function look(name) {
  if (shots) await page.bringToFront(); // Of a page behind another nothing moves to its end.
  for (const dark of [false, true]) {
    // Colours would fade over, for long on a busy machine; what is looked at is where they end. What moves in comes to its place first.
    await page.evaluate((on) => {
      const still = new CSSStyleSheet();
      still.replaceSync('*, ::before, ::after { transition: none !important; }');
      document.adoptedStyleSheets = [still];
      document.documentElement.classList.toggle('pf-v6-theme-dark', on);
    }, dark);
    await page.evaluate(() => Promise.all(document.getAnimations().filter((one) => one.playState === 'running' && one.effect.getComputedTiming().endTime !== Infinity).map((one) => one.finished.catch(() => {}))));
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run());
    for (const one of violations) faults.push(`${name}, ${dark ? 'dark' : 'light'}: ${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 300)}: ${node.failureSummary}`).join('\n    ')}`);
    if (shots) {
      // The last one is as high as long forms are.
      for (const [width, height, size] of [[1280, 800, '1280'], [1920, 1080, '1920'], ...(dark ? [] : [[1280, 2600, 'whole']])]) {
        await page.setViewportSize({ width, height });
        await page.waitForTimeout(150);
        await page.screenshot({ path: `${shots}/${name}-${dark ? 'dark' : 'light'}-${size}.png` });
      }
      await page.setViewportSize({ width: 1280, height: 800 });
    }
  }
  await page.evaluate(() => {
    document.documentElement.classList.remove('pf-v6-theme-dark');
    document.adoptedStyleSheets = [];
  });
}

/** As `look`, when pictures are asked for: for what differs little from what is looked at. */
export const glance = async (name) => { if (shots) await look(name); };

/** As `glance`, at a dialog that nobody needs otherwise: it is opened, and closed by Escape. */
export async function peek(name, open) {
  if (!shots) return;
  await open();
  await page.getByRole('dialog').waitFor();
  await look(name);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}

/** Tells a story to its end; its faults are this process's. */
export async function tell(story) {
  try {
    await story();
  } catch (error) {
    faults.push(String(error.stack ?? error));
    if (shots) await page.screenshot({ path: `${shots}/fault.png` }).catch(() => {});
  }
  await browser.close();
  for (const fault of new Set(faults)) console.error(fault);
  process.exit(faults.length === 0 ? 0 : 1);
}
