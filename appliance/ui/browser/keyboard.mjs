// From the one-time password to the first backup by keyboard alone; EndToEnd.Tests/Appliance/UiTests starts it with what set-up.mjs is to know, on the fake platform.
import { address, faults, firstPassword, heading, look, page, password, step, tell } from './person.mjs';

const { VPROTECT_UI_REPOSITORY: repository, VPROTECT_UI_HOST: host, VPROTECT_UI_MACHINE: machine } = process.env;
const { keyboard } = page;
const stopsMax = 60;
const named = (role, name) => page.getByRole(role, { name, exact: true });

/** What has the focus, as a person finds it. */
const focus = () => page.evaluate(() => {
  const one = document.activeElement;
  const { top, bottom, left, right, width, height } = one.getBoundingClientRect();
  const around = [getComputedStyle(one), getComputedStyle(one, '::before'), getComputedStyle(one, '::after')];
  return {
    what: `${one.tagName.toLowerCase()}${one.id && `#${one.id}`} ${(one.getAttribute('aria-label') ?? one.textContent).trim().slice(0, 40)}`,
    isNowhere: one === document.body,
    isMarked: around.some((style) => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0),
    isInSight: width > 0 && height > 0 && bottom > 0 && right > 0 && top < window.innerHeight && left < window.innerWidth,
  };
});
const has = (target) => target.evaluate((one) => one === document.activeElement);

/** The focus has gone there by itself. */
async function isAt(target, why) {
  await target.waitFor();
  for (let tries = 0; tries < 30 && !await has(target); tries++) await page.waitForTimeout(100);
  if (!await has(target)) faults.push(`${why}: the focus is at ${(await focus()).what}`);
}

/** Tab, or Shift and Tab, until something has the focus; each stop on the way can be seen. */
async function go(target, key = 'Tab') {
  await target.waitFor();
  const way = [];
  for (let stops = 0; stops < stopsMax; stops++) {
    if (await has(target)) return;
    await keyboard.press(key);
    const at = await focus();
    way.push(at.what);
    // From the last stop the browser's own are reached, and then the first.
    if (!at.isNowhere && !at.isMarked) faults.push(`the focus cannot be seen: ${at.what}`);
    if (!at.isNowhere && !at.isInSight) faults.push(`the focus is out of sight: ${at.what}`);
  }
  throw new Error(`${key} does not lead to ${target}: ${way.join(' › ')}`);
}

async function write(target, text) {
  await go(target);
  await keyboard.press('Control+a');
  await keyboard.type(text);
}

/** Nothing is in the way: who goes on and on comes around. */
async function isNoTrap() {
  await keyboard.press('Tab');
  const first = (await focus()).what;
  const seen = new Set();
  for (let stops = 0; stops < 3 * stopsMax; stops++) {
    await keyboard.press('Tab');
    const { what } = await focus();
    if (what === first && seen.size > 3) return;
    seen.add(what);
  }
  faults.push(`Tab does not come around to ${first}`);
}

const part = (name) => isAt(page.getByRole('heading', { name, exact: true, level: 2 }), `the step '${name}' is not told`);
const press = async (role, name) => { await go(named(role, name)); await keyboard.press('Enter'); };

await tell(async () => {
  step('the log-in begins in its first field; Enter sends it');
  await page.goto(`${address}ui/`);
  await isAt(page.locator('#login'), 'the log-in does not begin in its first field');
  await keyboard.type('admin');
  await write(page.locator('#password'), 'wrong');
  await keyboard.press('Enter');
  await page.getByRole('alert').waitFor();
  await isAt(page.locator('#password'), 'a refused log-in loses the place');
  await write(page.locator('#password'), firstPassword);
  await keyboard.press('Enter');
  await heading('VProtect: Change the password');
  await isAt(page.locator('#current'), 'the change of the password does not begin in its first field');
  await keyboard.type(firstPassword);
  await write(page.locator('#next'), password);
  await write(page.locator('#again'), password);
  await press('button', 'Change it');

  step('the set-up is told by its heading; Tab comes around it');
  await isAt(page.getByRole('heading', { name: 'Set up', level: 1 }), 'the set-up is not told');
  await page.locator('#setup-name').waitFor();
  await isNoTrap();
  await look('keyboard-name');
  await write(page.locator('#setup-name'), 'Backup of the south');
  await press('button', 'Next');

  step('what is refused is told, and the place is kept');
  await part('Where are backups kept?');
  await look('keyboard-repository');
  await write(page.locator('#setup-path'), '/proc/nowhere');
  await press('button', 'Create the repository');
  await page.getByRole('alert').waitFor();
  await isAt(named('button', 'Create the repository'), 'a refused step loses the place');
  await go(page.locator('#setup-path'), 'Shift+Tab');
  await keyboard.press('Control+a');
  await keyboard.type(repository);
  await press('button', 'Create the repository');

  step('the recovery key has the focus, keeps it, and gives it to the next step');
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  await keyboard.press('Escape');
  for (let stops = 0; stops < 8; stops++) {
    await keyboard.press('Tab');
    if (!await dialog.evaluate((box) => box.contains(document.activeElement))) faults.push(`Tab leaves the recovery key for ${(await focus()).what}`);
  }
  await look('keyboard-key');
  await go(page.getByLabel('I have stored it in a safe place'));
  await keyboard.press('Space');
  await press('button', 'Done');

  step('a hypervisor that cannot be used is told, and put right from there');
  await part('Where do the machines run?');
  await look('keyboard-hypervisor');
  await write(page.locator('#setup-host'), `${host}-missing`);
  await write(page.locator('#setup-user'), 'root');
  await write(page.locator('#setup-password'), 'secret');
  await press('button', 'Connect');
  await page.getByText(/It cannot be used\./).waitFor();
  await press('button', 'Change and test');
  await isAt(page.locator('#setup-host'), 'what is to be changed does not have the focus');
  await look('keyboard-hypervisor-amiss');
  await write(page.locator('#setup-host'), host);
  await write(page.locator('#setup-password'), 'secret');
  await go(named('button', 'More'));
  await keyboard.press('Space');
  await page.locator('#setup-settings').waitFor();
  await press('button', 'Change and test');

  step('machines are chosen with Space, the time with the arrows, and the first backup runs');
  await part('What is backed up, and when?');
  await go(named('checkbox', machine));
  if (!await named('checkbox', machine).isChecked()) await keyboard.press('Space');
  await go(page.locator('#setup-at'));
  await keyboard.press('ArrowUp');
  await look('keyboard-policy');
  await press('button', 'Create the policy');
  await part('The first backup');
  await look('keyboard-run');
  await press('button', 'Back up now');
  await isAt(page.getByRole('heading', { name: /The appliance is set up/, level: 2 }), 'the end of the set-up is not told');
  await look('keyboard-done');

  step('a link leads to the heading of its page; a dialog begins in its first field, and Escape leads back to what opened it');
  await press('link', 'Policies');
  await isAt(page.getByRole('heading', { name: 'Policies', level: 1 }), 'the page is not told');
  await press('link', 'Access');
  await isAt(page.getByRole('heading', { name: 'Access', level: 1 }), 'the page is not told');
  await press('button', 'Add a user');
  await isAt(page.locator('#user-login'), 'the dialog does not begin in its first field');
  await keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await isAt(named('button', 'Add a user'), 'a dialog does not lead back to what opened it');
  await press('link', 'Machines');
  await isAt(page.getByRole('heading', { name: 'Machines', level: 1 }), 'the page is not told');
  await press('link', machine);
  await isAt(page.getByRole('heading', { name: machine, level: 1 }), 'the machine is not told');
  await go(page.getByRole('button', { name: /^More/ }).first());
  await keyboard.press('Enter');
  await page.getByRole('menuitem', { name: 'Describe' }).waitFor();
  await isAt(page.getByRole('menuitem', { name: 'Describe' }), 'a menu does not begin at its first entry');
  await keyboard.press('ArrowDown');
  await isAt(page.getByRole('menuitem', { name: 'Hold' }), 'arrows do not move in a menu');
  await keyboard.press('Enter');
  await isAt(page.locator('#point-text'), 'the dialog does not begin in its first field');
  await keyboard.press('Escape');
  await isAt(page.getByRole('button', { name: /^More/ }).first(), 'a dialog from a menu does not lead back to it');

  step('a restore is asked for from the list to its task, and Enter in a field sends it');
  await page.getByRole('row', { name: /Success/ }).first().waitFor();
  await press('button', 'Restore');
  await isAt(dialog.locator('#restore-machine'), 'the dialog does not begin in its first field');
  await keyboard.press('ArrowDown');
  await dialog.locator('#restore-path').waitFor();
  await keyboard.press('ArrowUp');
  await write(dialog.locator('#restore-name'), 'by-keyboard');
  await keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await isAt(named('button', 'Restore'), 'a dialog does not lead back to what opened it');
  await press('link', 'Tasks');
  await go(named('link', 'Restore').first());
  await keyboard.press('Enter');
  await page.getByRole('heading', { name: /^Restore · /, level: 1 }).waitFor();
  await page.getByText('Finished', { exact: true }).first().waitFor();

  step('of two dialogs Escape closes the one in front');
  await press('link', 'Infrastructure');
  await press('button', 'Add a hypervisor');
  await press('button', /^Make a credential/);
  await isAt(page.locator('#credential-name'), 'the second dialog does not begin in its first field');
  await keyboard.press('Escape');
  await page.locator('#credential-name').waitFor({ state: 'detached' });
  if (await dialog.count() !== 1) faults.push(`Escape leaves ${await dialog.count()} of two dialogs`);
});
