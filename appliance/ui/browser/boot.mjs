// A machine that is started from its backup, with the real appliance and a host that is real; EndToEnd.Tests/Kvm/KvmUiTests starts it.
//   VPROTECT_UI_MACHINE: its name; it has a good backup
import { address, area, button, glance, heading, logIn, look, page, password, step, tell } from './person.mjs';

const { VPROTECT_UI_MACHINE: machine } = process.env;
const slow = { timeout: 120_000 };

await tell(async () => {
  await page.goto(`${address}ui/`);
  await logIn(password);
  await heading('Dashboard');
  await area('Machines');
  await page.getByRole('link', { name: machine, exact: true }).click();

  step('it is started beside the machine, without its network');
  await button('Start', page.getByRole('row', { name: /Success/ }).first()).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('web1-looked-at');
  await look('boot');
  await button('Start', dialog).click();
  await page.getByText('The start is queued', { exact: false }).waitFor();
  await area('Mounted backups');
  await page.getByText('Mounted', { exact: true }).waitFor(slow);
  await page.getByText('web1-looked-at').waitFor();
  await look('booted');

  step('it could be kept, and is discarded when its name is typed');
  await button('Keep the machine').click();
  await dialog.getByLabel('Storage').waitFor();
  await glance('boot-keep');
  await button('Cancel', dialog).click();
  await button('Unmount and discard').click();
  await dialog.getByRole('textbox').fill(machine);
  await button('Unmount and discard', dialog).click();
  await page.getByText('Nothing here yet.').waitFor(slow);
});
