// A person's story with the real appliance; EndToEnd.Tests/Appliance/UiTests starts both and restarts the server when told.
//   VPROTECT_UI_PASSWORD (one-time), _DATACENTER (of the fake platform, with machines web1 and db1), _REPOSITORY (a directory to make)
import { address, area, ask, button, changePassword, context, faults, firstPassword, heading, logIn, look, page, password, step, tell } from './person.mjs';

const { VPROTECT_UI_DATACENTER: datacenter, VPROTECT_UI_REPOSITORY: repository } = process.env;

await tell(async () => {
  step('a deep link asks for the log-in, and the one-time password to be changed');
  await page.goto(`${address}ui/machines`);
  await heading('VProtect: Log in');
  await look('login');
  await logIn('wrong password');
  await page.getByText('Danger alert').first().waitFor();
  await logIn(firstPassword);
  await heading('VProtect: Change the password');
  await look('password');
  await changePassword(firstPassword, password);
  await heading('Machines');
  await page.getByText('Nothing here yet.').waitFor();
  await look('machines-none');

  step('a repository; its recovery key is shown once and must be confirmed');
  await area('Dashboard');
  await page.getByText('There is no destination.').waitFor();
  await area('Destinations');
  await button('Create a repository').click();
  await page.locator('#dialog-name').fill('main');
  await page.locator('#dialog-path').fill('relative');
  await button('Add').click();
  await page.getByRole('dialog').getByText('Danger alert').waitFor();
  await page.locator('#dialog-path').fill(repository);
  await look('destination-add');
  await button('Add').click();
  await page.getByRole('heading', { name: 'The recovery key' }).waitFor();
  if (!await button('Done').isDisabled()) faults.push('the recovery key need not be confirmed');
  await page.getByLabel('I have stored it in a safe place').check();
  await button('Done').click();
  await page.getByRole('cell', { name: 'main' }).first().waitFor();
  await look('destinations');

  step('a hypervisor that cannot be used is told so, with the reason; its failed task is retried');
  await area('Infrastructure');
  const addHost = async (name, host) => {
    await button('Add a hypervisor').click();
    await page.locator('#dialog-name').fill(name);
    await page.locator('#dialog-host').fill(host);
    await page.locator('#dialog-user').fill('root');
    await page.locator('#dialog-password').fill('secret');
    await button('Add').click();
  };
  await addHost('nowhere', `${datacenter}-missing`);
  await page.getByText('nowhere: It cannot be used.').or(page.getByText('Danger alert')).first().waitFor();
  await page.getByRole('row', { name: /nowhere/ }).getByRole('button', { name: 'Read the inventory' }).click();
  await area('Tasks');
  await page.getByRole('row', { name: /Failed/ }).first().waitFor({ timeout: 60_000 });
  await page.getByRole('row', { name: /Failed/ }).first().getByRole('button', { name: 'Try again' }).click();
  await page.getByText('Queued again.').waitFor();
  await look('tasks');

  step('a hypervisor is added, tested and read; its machines appear without a reload');
  await area('Infrastructure');
  await addHost('lab', datacenter);
  await page.getByText('lab: It can be used.').waitFor();
  await look('infrastructure');
  await page.getByRole('row', { name: /lab/ }).getByRole('button', { name: 'Read the inventory' }).click();
  await area('Machines');
  await page.getByRole('link', { name: 'web1' }).waitFor();
  await page.getByRole('link', { name: 'db1' }).waitFor();
  await page.getByRole('textbox', { name: 'Filter by name' }).fill('web');
  await page.getByRole('link', { name: 'db1' }).waitFor({ state: 'detached' });
  await page.waitForURL(/filter=web/);
  await look('machines');

  step('a disk is left out; the machine is backed up and its restore point appears');
  await page.getByRole('link', { name: 'web1' }).click();
  await heading('web1');
  await page.getByRole('tab', { name: 'Disks' }).click();
  await page.locator('.pf-v6-c-switch').nth(1).click();
  await page.getByText('Backed up: No').waitFor();
  await look('machine-disks');
  await page.getByRole('tab', { name: 'Restore points' }).click();
  await button('Back up').click();
  await page.getByText('Backup of web1 is queued.').waitFor();
  await page.getByRole('row', { name: /Success/ }).waitFor({ timeout: 60_000 });
  await look('machine');
  await page.getByRole('tab', { name: 'Tasks' }).click();
  await page.getByRole('link', { name: 'Export' }).first().click();
  await page.getByRole('heading', { name: /^Export/, level: 1 }).waitFor();
  await page.getByRole('log').waitFor();
  await look('task');

  step('it is restored as a new machine');
  await page.getByRole('link', { name: 'web1' }).click();
  await button('Restore', page.getByRole('row', { name: /Success/ })).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Overwrite a machine of this name').check();
  if (!await button('Restore', dialog).isDisabled()) faults.push('a machine is overwritten without its name typed');
  await look('restore');
  await dialog.getByLabel('Overwrite a machine of this name').uncheck();
  await button('Restore', dialog).click();
  await page.getByText('The restore is queued.').waitFor();
  await area('Tasks');
  await page.getByRole('row', { name: /Restore.*Finished/ }).waitFor({ timeout: 60_000 });

  step('a restore that fails says why, and is tried again from the list of tasks');
  await page.getByRole('row', { name: /Restore.*Finished/ }).getByRole('link', { name: 'web1' }).click();
  await button('Restore', page.getByRole('row', { name: /Success/ })).click();
  await dialog.getByLabel('To a directory, as disk images').check();
  await dialog.locator('#restore-path').fill('/proc/nowhere');
  await button('Restore', dialog).click();
  await area('Tasks');
  const failed = page.getByRole('row', { name: /^Restore.*Failed/ });
  await button('Try again', failed.first()).click({ timeout: 60_000 });
  await failed.nth(1).waitFor({ timeout: 60_000 });

  step('it is mounted and unmounted');
  await page.getByRole('row', { name: /Restore.*Finished/ }).getByRole('link', { name: 'web1' }).click();
  await button('Mount', page.getByRole('row', { name: /Success/ })).click();
  await button('Mount', page.getByRole('dialog')).click();
  await page.getByText('The mount is queued.').waitFor();
  await area('Mounted backups');
  await page.getByText('Mounted', { exact: true }).waitFor({ timeout: 60_000 });
  await look('mounts');
  await button('Unmount').click();
  await button('Unmount', page.getByRole('dialog')).click();
  await page.getByText('Nothing here yet.').waitFor({ timeout: 60_000 });

  step('the server restarts: it is told, and the page goes on');
  await area('Dashboard');
  await page.getByText('Protection').first().waitFor();
  await ask('stop');
  await page.getByText('The server is not heard.').waitFor();
  await look('lost');
  await ask('start');
  await page.getByText('The server is not heard.').waitFor({ state: 'detached', timeout: 60_000 });
  await look('dashboard');

  step('a policy is made, and its machine is up to date by it');
  await area('Policies');
  await page.getByText('Nothing here yet.').waitFor();
  await button('Create a policy').click();
  await page.locator('#policy-name').fill('nightly');
  await page.getByRole('checkbox', { name: 'web1', exact: true }).check();
  await look('policy-add');
  await button('Create').click();
  await heading('nightly');
  await area('Policies');
  await page.getByText('nightly').first().waitFor();
  await look('policies');
  await area('Machines');
  await page.getByRole('row', { name: /web1.*nightly/ }).first().waitFor();
  await area('Audit');
  await page.getByRole('cell', { name: 'session.password' }).first().waitFor();
  await look('audit');

  step('a session that has ended leads to the log-in and back; a refusal from before that comes late does not end the new one');
  let release;
  const released = new Promise((resolve) => { release = resolve; });
  await context.clearCookies();
  await page.route('**/api/hypervisors?**', async (route) => {
    const response = await route.fetch();
    await released;
    await route.fulfill({ response });
  }, { times: 1 });
  await page.getByRole('navigation', { name: 'Areas' }).getByRole('link', { name: 'Infrastructure' }).click();
  await page.getByRole('navigation', { name: 'Areas' }).getByRole('link', { name: 'Destinations' }).click();
  await heading('VProtect: Log in');
  await logIn(password);
  await heading('Destinations');
  const late = page.waitForResponse((response) => response.url().includes('/api/hypervisors?') && response.status() === 401);
  release();
  await (await late).finished();
  await area('Infrastructure');
  await button('Log out').click();
  await heading('VProtect: Log in');
});
