// The set-up of a bare appliance in the browser, from the one-time password to the first backup.
//   VPROTECT_UI_PASSWORD (one-time), _REPOSITORY (a directory to make), _TYPE (KVM or FAKE) and _HOST (of the platform), _MACHINE (a machine there),
//   _SETTINGS (of the connector, lines of name=value)
import { begin, button, faults, heading, page, step } from './person.mjs';

const { VPROTECT_UI_REPOSITORY: repository, VPROTECT_UI_TYPE: type, VPROTECT_UI_HOST: host, VPROTECT_UI_MACHINE: machine, VPROTECT_UI_SETTINGS: settings } = process.env;
const part = (name) => page.getByRole('heading', { name, exact: true, level: 2 }).waitFor();
const dialog = page.getByRole('dialog');

/** @param look looks at a page by its name. */
export async function setUp(look) {
  step('the first log-in leads to the set-up, which asks for a name');
  await begin();
  await heading('Set up');
  await part('What is this appliance called?');
  await look('setup-name');
  await page.locator('#setup-name').fill('Backup of the north');
  await button('Next').click();

  step('a repository; its recovery key is shown once and must be confirmed');
  await part('Where are backups kept?');
  await page.getByRole('banner').getByText('Backup of the north').waitFor();
  await page.locator('#setup-path').fill('/proc/nowhere');
  await button('Create the repository').click();
  await page.getByText('Danger alert').first().waitFor();
  await page.locator('#setup-path').fill(repository);
  await look('setup-repository');
  await button('Create the repository').click();
  await dialog.getByText('The recovery key').first().waitFor();
  if (!await button('Done', dialog).isDisabled()) faults.push('the recovery key need not be confirmed');
  await look('setup-key');
  await dialog.getByLabel('I have stored it in a safe place').check();
  await button('Done', dialog).click();

  step('it goes on where it stands after a reload; a hypervisor that is not there is diagnosed and put right');
  await part('Where do the machines run?');
  await page.reload();
  await part('Where do the machines run?');
  await page.locator('#setup-host').fill(type === 'KVM' ? 'qemu+unix:///system?socket=/run/nowhere' : `${host}-missing`);
  if (type !== 'KVM') {
    await page.locator('#setup-user').fill('root');
    await page.locator('#setup-password').fill('secret');
  }
  await button('Connect').click();
  await page.getByText(/It cannot be used\./).waitFor();
  await look('setup-hypervisor-amiss');
  await button('Change and test').click();
  await page.locator('#setup-host').fill(host);
  if (type !== 'KVM') await page.locator('#setup-password').fill('secret');
  if (settings) {
    await button('More').click();
    await page.locator('#setup-settings').fill(settings);
  }
  await look('setup-hypervisor');
  await button('Change and test').click();

  step('its machines are chosen, a policy is made, and the first backup runs');
  await part('What is backed up, and when?');
  await page.getByRole('checkbox', { name: machine, exact: true }).waitFor();
  await page.getByRole('checkbox', { name: machine, exact: true, checked: true }).waitFor().catch(() => faults.push('few machines are not chosen at first'));
  for (const other of await page.getByRole('group', { name: /^Machines/ }).getByRole('checkbox').all()) {
    if (await other.getAttribute('id') !== await page.getByRole('checkbox', { name: machine, exact: true }).getAttribute('id')) await other.uncheck();
  }
  await look('setup-policy');
  await button('Create the policy').click();
  await part('The first backup');
  await look('setup-run');
  await button('Back up now').click();
  await page.getByRole('heading', { name: /The appliance is set up/ }).waitFor({ timeout: 120_000 });
  await look('setup-done');
}
