// How quick pages are with a large catalog; perf/ui.sh fills one, starts the appliance and keeps what is written here, a table in Markdown.
// Each time is what the browser's own clock says from a person's act to the frame after which the outcome is in the page.
import { address, area, begin, browser, button, context, page, tell } from './person.mjs';

const runs = 5;
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const whole = (value) => Math.round(value);

/** Milliseconds of the page's clock from `act` to the frame in which `isDone` (of what `read` gave before) tells the time. */
async function timed(act, read, isDone) {
  const before = await page.evaluate(read);
  const since = await page.evaluate(() => performance.now());
  await act();
  const until = await page.waitForFunction(isDone, before, { polling: 'raf' });
  return (await until.jsonValue()) - since;
}

const firstRow = () => document.querySelector('tbody tr')?.textContent ?? '';
const otherRow = (was) => { const now = document.querySelector('tbody tr')?.textContent ?? ''; return now !== '' && now !== was && performance.now(); };

/** Frames while whoever scrolls turns the wheel for two seconds: milliseconds between them. */
async function frames(scroller) {
  const box = await page.locator(scroller).first().boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + Math.min(box.height, 700) / 2);
  await page.evaluate(() => {
    window.between = [];
    let last = performance.now();
    const next = (now) => { window.between.push(now - last); last = now; window.going = requestAnimationFrame(next); };
    window.going = requestAnimationFrame(next);
  });
  for (let turn = 0; turn < 60; turn++) await page.mouse.wheel(0, turn < 30 ? 240 : -240);
  const between = await page.evaluate(() => { cancelAnimationFrame(window.going); return window.between.slice(1).sort((a, b) => a - b); });
  return { count: between.length, p50: median(between), p95: between[Math.floor(between.length * 0.95)], max: between[between.length - 1] };
}

/** From the address to content that can be used: the later of the first content of the dashboard and the end of the last long task of its scripts. */
async function opened(fresh, path, selector) {
  const other = await fresh.newPage();
  await other.addInitScript((wanted) => {
    window.longTasks = [];
    new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((one) => ({ at: one.startTime, for: one.duration })))).observe({ type: 'longtask', buffered: true });
    const look = () => { if (document.querySelector(wanted)) window.contentAt ??= performance.now(); else requestAnimationFrame(look); };
    requestAnimationFrame(look);
  }, selector);
  await other.goto(`${address}ui${path}`);
  await other.waitForFunction(() => window.contentAt > 0);
  await other.waitForTimeout(700);
  const seen = await other.evaluate(() => ({
    content: window.contentAt, tasks: window.longTasks, bytes: performance.getEntriesByType('resource').reduce((sum, one) => sum + one.encodedBodySize, performance.getEntriesByType('navigation')[0].encodedBodySize),
  }));
  await other.close();
  const blocked = seen.tasks.filter((task) => task.at < seen.content + 200);
  return { content: seen.content, interactive: Math.max(seen.content, ...blocked.map((task) => task.at + task.for)), longest: Math.max(0, ...seen.tasks.map((task) => task.for)), bytes: seen.bytes };
}

await tell(async () => {
  await begin();
  await page.getByRole('navigation', { name: 'Areas' }).waitFor();
  const state = await context.storageState();

  console.log('| opened at an address | content ms | interactive ms | longest script task ms | KiB received |\n|---|---|---|---|---|');
  for (const [name, path, selector, isWarm] of [
    ['dashboard, nothing cached', '/', '.vp-number', false], ['dashboard, cached', '/', '.vp-number', true],
    ['machines, nothing cached', '/machines', 'tbody tr', false], ['tasks, nothing cached', '/tasks', 'tbody tr', false],
  ]) {
    const seen = [];
    const kept = isWarm ? await browser.newContext({ ignoreHTTPSErrors: true, storageState: state, viewport: { width: 1280, height: 800 } }) : undefined;
    if (kept) await opened(kept, path, selector);
    for (let run = 0; run < runs; run++) {
      const fresh = kept ?? await browser.newContext({ ignoreHTTPSErrors: true, storageState: state, viewport: { width: 1280, height: 800 } });
      seen.push(await opened(fresh, path, selector));
      if (!kept) await fresh.close();
    }
    await kept?.close();
    const of = (field) => whole(median(seen.map((one) => one[field])));
    console.log(`| ${name} | ${of('content')} | ${of('interactive')} | ${of('longest')} | ${whole(median(seen.map((one) => one.bytes)) / 1024)} |`);
  }

  console.log('\n| list | shown ms | next page ms | sorted ms | filtered ms (of which 250 waits for more letters) | 100 a page ms |\n|---|---|---|---|---|---|');
  const measure = async (name, { open, filter, sort, isPaged = true }) => {
    const cells = [];
    cells.push(whole(await timed(open, () => document.querySelector('tbody tr')?.textContent ?? '', otherRow)));
    // The mouse's own way is no part of the figure: elements are clicked by script.
    const click = (label) => () => page.getByRole('button', { name: label, exact: true }).first().evaluate((element) => element.click());
    const repeated = async (label) => { const all = []; for (let run = 0; run < 3; run++) all.push(await timed(click(label), firstRow, otherRow)); return whole(median(all)); };
    cells.push(isPaged ? await repeated('Go to next page') : '–');
    if (sort) {
      const all = [];
      for (let run = 0; run < 4; run++) all.push(await timed(() => page.getByRole('columnheader', { name: sort, exact: true }).getByRole('button').evaluate((element) => element.click()), firstRow, otherRow));
      cells.push(whole(median(all.slice(1))));
    } else cells.push('–');
    if (filter) {
      const all = [];
      for (const text of filter) {
        const input = page.getByRole('textbox', { name: 'Filter by name' });
        await input.fill('');
        await page.waitForTimeout(600);
        all.push(await timed(() => input.fill(text), firstRow, otherRow));
      }
      cells.push(whole(median(all)));
      await page.getByRole('textbox', { name: 'Filter by name' }).fill('');
      await page.waitForTimeout(600);
    } else cells.push('–');
    if (isPaged) {
      await page.locator('.pf-v6-c-pagination button.pf-v6-c-menu-toggle').first().click();
      cells.push(whole(await timed(() => page.getByRole('menuitem', { name: '100 per page' }).evaluate((element) => element.click()), () => document.querySelectorAll('tbody tr').length, (was) => document.querySelectorAll('tbody tr').length > was && performance.now())));
    } else cells.push('–');
    console.log(`| ${name} | ${cells.join(' | ')} |`);
  };
  const go = (label) => () => page.getByRole('navigation', { name: 'Areas' }).getByRole('link', { name: label, exact: true }).evaluate((element) => element.click());
  const scrolled = [];
  const scroll = async (name, scroller = '.pf-v6-c-page__main') => { scrolled.push([name, await frames(scroller)]); };
  await area('Dashboard');
  await page.locator('.vp-number').first().waitFor();
  await measure('machines', { open: go('Machines'), sort: 'Size', filter: ['07123', '0500', 'web'] });
  await scroll('machines, 100 rows');
  await measure('tasks', { open: go('Tasks'), sort: 'Type' });
  await scroll('tasks, 100 rows');
  await measure('policies', { open: go('Policies'), isPaged: false, filter: ['policy 07', 'policy 1', 'policy 03'] });
  await measure('infrastructure', { open: go('Infrastructure'), sort: 'Name', filter: ['host07', 'host01', 'host03'] });
  await scroll('infrastructure, 100 rows');
  await measure('destinations', { open: go('Destinations'), isPaged: false });
  await measure('audit', { open: go('Audit'), isPaged: false });

  await area('Machines');
  await page.locator('tbody tr a').first().waitFor();
  await measure('restore points of a machine', { open: () => page.locator('tbody tr a').first().evaluate((element) => element.click()), isPaged: false });
  for (const tab of ['History', 'Tasks']) {
    console.log(`| ${tab.toLowerCase()} of a machine | ${whole(await timed(() => page.getByRole('tab', { name: tab }).evaluate((element) => element.click()), () => 0, () => !document.querySelector('.pf-v6-c-spinner') && performance.now()))} | – | – | – | – |`);
  }
  console.log(`| reports | ${whole(await timed(go('Reports'), () => 0, () => document.querySelectorAll('tbody tr').length > 10 && performance.now()))} | – | – | – | – |`);
  await scroll('reports');

  console.log('\n| scrolled by the wheel | frames | p50 ms | p95 ms | longest ms |\n|---|---|---|---|---|');
  for (const [name, { count, p50, p95, max }] of scrolled) console.log(`| ${name} | ${count} | ${p50.toFixed(1)} | ${p95.toFixed(1)} | ${max.toFixed(1)} |`);
});
