// A session ends while a person is at work in two windows; EndToEnd.Tests/Appliance/UiTests starts it. The password is as in person.mjs, and sessions end when they are idle for a minute.
import { request } from 'playwright-core';
import { address, button, context, faults, glance, heading, logIn, look, page, password, step, tell } from './person.mjs';

const other = await context.newPage();
const elsewhere = await request.newContext({ baseURL: address, ignoreHTTPSErrors: true });
const dialog = page.getByRole('dialog');
const field = (name) => dialog.locator(`#user-${name}`);
const row = (name, of = page) => of.getByRole('row', { name });

async function call(method, path, data) {
  const { csrfToken } = await (await elsewhere.get('/api/user-info')).json();
  const answer = await elsewhere.fetch(path, { method, data, headers: { 'X-CSRF-Token': csrfToken } });
  if (!answer.ok()) throw new Error(`${method} ${path}: ${answer.status()} ${await answer.text()}`);
}

/** Somebody else logs in, does something and ends all sessions but the own. */
async function endSessions() {
  await elsewhere.post('/api/session/login', { data: { login: 'admin', password } });
  await call('POST', '/api/session/sessions/end-others');
}

/** The log-in stands in the place of the page, which nobody sees. A session goes on for up to half a minute after the last touch, and is then idle for one. */
async function isOver(of = page) {
  await of.getByRole('heading', { name: 'VProtect: Log in', level: 1 }).waitFor({ timeout: 150_000 });
  await of.getByText('The session has ended. Log in again: the page is as you left it.').waitFor();
  if (await of.getByRole('navigation', { name: 'Areas' }).count() > 0) faults.push('what a page showed is still seen after its session');
}

async function has(values) {
  for (const [name, value] of Object.entries(values)) {
    if (await field(name).inputValue() !== value) faults.push(`${name} is no longer ${value} after the session`);
  }
}

await tell(async () => {
  await page.goto(`${address}ui/access`);
  await logIn(password);
  await heading('Access');
  await other.goto(`${address}ui/machines?filter=web`);
  await row(/web1/, other).waitFor();

  step('a user is half entered when the session ends by idleness: both windows say so by themselves');
  await button('Add a user').click();
  await field('login').fill('olga');
  await field('name').fill('Olga of the night');
  await isOver();
  await isOver(other);
  if (await dialog.isVisible()) faults.push('what is half entered is seen after the session');
  await look('session-over');

  step('nobody asks over and over');
  const asked = [];
  const note = (one) => asked.push(one.url());
  context.on('request', note);
  await page.waitForTimeout(7000);
  context.off('request', note);
  if (asked.length > 3) faults.push(`${asked.length} requests of a session that has ended: ${asked.slice(0, 9).join(' ')}`);

  step('a wrong password and Escape change nothing; the right one gives all back where it was, in the other window too');
  await page.keyboard.type('wrong password');
  await page.keyboard.press('Enter');
  await page.getByRole('main').getByText('Danger alert').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('#password').fill(password);
  await page.keyboard.press('Enter');
  await dialog.waitFor();
  await has({ login: 'olga', name: 'Olga of the night' });
  await page.waitForFunction(() => document.activeElement?.id === 'user-name').catch(() => faults.push('the field that was written in has lost the focus'));
  await row(/web1/, other).waitFor();
  if (!other.url().endsWith('?filter=web') || await row(/db1/, other).count() > 0) faults.push('the other window has lost its filter');
  await field('password').fill('in the night, at nine');
  await glance('session-again');
  await button('Save', dialog).click();
  await row(/olga/).waitFor();

  step('what somebody else does is shown again without a reload');
  await elsewhere.post('/api/session/login', { data: { login: 'admin', password } });
  await call('POST', '/api/users', { login: 'late', fullName: 'Late', password: 'in the night, at ten' });
  await row(/late/).waitFor();

  step('a change that finds the session over is not done, says so after the log-in, and is done at the second press');
  await page.route('**/api/events', (route) => route.abort());
  await page.reload();
  await button('Add a user').click();
  await field('login').fill('nina');
  await field('password').fill('in the night, at one');
  await endSessions();
  await button('Save', dialog).click();
  await isOver();
  await page.locator('#password').fill(password);
  await page.keyboard.press('Enter');
  await dialog.getByText('The session had ended, so this was not done.').waitFor();
  await has({ login: 'nina' });
  await page.unroute('**/api/events');
  await button('Save', dialog).click();
  await row(/nina/).waitFor();

  step('who logs out in one window has left the other, with all that is in it');
  await button('Add a user').click();
  await field('login').fill('left');
  await button('Log out', other).click();
  await heading('VProtect: Log in');
  if (await page.locator('#user-login').count() > 0 || await page.locator('#login').inputValue() !== '') faults.push('something is left after a log-out');
  await logIn(password);
  await heading('Access');
  await row(/olga/, other).waitFor({ state: 'detached' });
  await row(/web1/, other).waitFor();

  step('another user who logs in finds nothing of the one before');
  await button('Add a user').click();
  await field('login').fill('not yours');
  await endSessions();
  await isOver();
  await logIn('in the night, at nine', 'olga');
  await heading('VProtect: Change the password');
  if (await page.locator('#user-login').count() > 0) faults.push('another user finds what was half entered');
  await other.getByRole('heading', { name: 'VProtect: Change the password' }).waitFor();
});
