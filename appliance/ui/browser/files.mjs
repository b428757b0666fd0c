// Files out of a backup, with the real appliance; EndToEnd.Tests/Appliance/UiTests and Kvm/KvmUiTests start it.
//   VPROTECT_UI_MACHINE: its name; it has a good backup
//   VPROTECT_UI_FILE, _CONTENT: a file in its system volume, and a line in it
//   VPROTECT_UI_INTO: a folder in the machine that receives it, where its own place is not there; otherwise it goes back to where it was
//   VPROTECT_UI_PHRASE: pass phrase of its encrypted disk, if it has one
import { readFileSync } from 'node:fs';
import { address, area, begin, button, context, faults, glance, heading, logIn, look, page, password, peek, step, tell } from './person.mjs';

const { VPROTECT_UI_MACHINE: machine, VPROTECT_UI_FILE: file, VPROTECT_UI_CONTENT: content, VPROTECT_UI_INTO: into, VPROTECT_UI_PHRASE: phrase } = process.env;
const slow = { timeout: 120_000 };
const folder = file.slice(0, file.lastIndexOf('/'));
const name = file.slice(folder.length + 1);

await tell(async () => {
  if (process.env.VPROTECT_UI_PASSWORD) {
    await begin();
  } else {
    await page.goto(`${address}ui/`);
    await logIn(password);
  }
  await area('Machines');
  await page.getByRole('link', { name: machine, exact: true }).click();
  await page.getByRole('row', { name: /Success/ }).first().waitFor();

  step('it is mounted for the node alone, writable, until tomorrow');
  await button('Mount', page.getByRole('row', { name: /Success/ }).first()).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Who may connect').fill('nobody');
  await dialog.getByLabel('Clients may write').check();
  await button('Mount', dialog).click();
  await dialog.getByText('Danger alert').waitFor();
  await dialog.getByLabel('Over iSCSI').check();
  await look('mount-iscsi');
  await dialog.getByLabel('For its files, and over NBD').check();
  await dialog.getByLabel('Who may connect').fill('192.0.2.0/24, 198.51.100.7');
  await look('mount');
  await dialog.getByLabel('Only over TLS').check();
  await dialog.getByLabel('Only over TLS').uncheck();
  await dialog.getByLabel('Who may connect').fill('');
  await button('Mount', dialog).click();
  await page.getByText('The mount is queued.').waitFor();
  await area('Mounted backups');
  await page.getByText('Mounted', { exact: true }).waitFor(slow);

  step('its end is put off');
  await button('Change the end').click();
  await dialog.getByLabel('Unmounted by itself').fill('2020-01-01T00:00');
  if (!await button('Save', dialog).isDisabled()) faults.push('a mount can end in the past');
  await dialog.getByLabel('Unmounted by itself').fill(new Date(Date.now() + 4 * 86_400_000).toISOString().slice(0, 16));
  await glance('mount-end');
  await button('Save', dialog).click();
  await page.getByText(/in [34] d/).waitFor();
  await look('mounts-writable');
  await peek('mount-commit', () => button('Unmount and keep').click());

  step('its folders are looked through, and a file is downloaded');
  await page.getByRole('link', { name: 'Files' }).click();
  await heading(`Files of ${machine}`);
  await page.getByRole('combobox', { name: 'Volume' }).waitFor(slow);
  for (const part of folder.split('/').filter((one) => one !== '')) {
    await button(`${part}/`).click();
    await page.getByRole('listitem').filter({ hasText: part }).first().waitFor();
  }
  await page.getByRole('link', { name, exact: true }).waitFor();
  await look('files');
  const saved = async (act) => {
    const [download] = await Promise.all([page.waitForEvent('download', slow), act()]);
    return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
  };
  const one = await saved(() => page.getByRole('link', { name, exact: true }).click());
  if (one.name !== name || !one.bytes.includes(content)) faults.push(`downloaded ${one.name}, ${one.bytes.length} bytes`);

  step('several are chosen and come as an archive');
  const boxes = page.getByRole('region').getByRole('checkbox');
  await boxes.nth(1).check();
  await boxes.nth(2).check();
  await page.getByText(/^2 chosen/).waitFor();
  await glance('files-chosen');
  const several = await saved(() => button('Download').click());
  if (!several.name.endsWith('.zip') || several.bytes.subarray(0, 2).toString() !== 'PK') faults.push(`downloaded ${several.name}`);

  step('a file goes back into the machine, which runs');
  for (const index of [1, 2]) await boxes.nth(index).uncheck();
  const restore = async () => {
    await page.getByRole('checkbox', { name: `Choose ${name}`, exact: true }).check();
    await button('Restore into a machine').click();
  };
  const ends = async (text) => {
    await button('Restore', dialog).click();
    await page.getByText(`Restoring files into ${machine} is queued.`).last().waitFor(slow);
    await page.getByRole('link', { name: 'Show the task' }).last().click();
    await heading(`Restore of files · ${machine}`);
    await page.getByText(text, { exact: false }).first().waitFor(slow);
  };
  await restore();
  if (into) {
    await ends('Name a folder of the machine that receives the files.');
    await page.goBack();
    await restore();
    await dialog.getByLabel('Into a folder of the machine').check();
    await dialog.locator('#into-folder').fill('/etc/../root');
    await button('Restore', dialog).click();
    await dialog.getByText('It is no absolute path.', { exact: false }).first().waitFor();
    await dialog.getByLabel('Another machine').check();
    await dialog.getByText('Nothing matches.').waitFor();
    await glance('files-restore-refused');
    await dialog.getByLabel(machine, { exact: true }).check();
    await dialog.locator('#into-folder').fill(into);
  }
  await dialog.getByLabel('Are replaced').check();
  if (!await button('Restore', dialog).isDisabled()) faults.push('files are replaced without the name typed');
  await dialog.getByLabel(`Type ${machine} to confirm`).fill(machine);
  await dialog.getByText(into ? `${into}/${name}` : file, { exact: true }).waitFor();
  await look('files-restore');
  await ends('1 file, 0 folders and 0 links were restored.');
  await glance('files-restored');
  await page.goBack();

  step('a file is found by its name, from the root');
  await button('Root').click();
  await page.getByRole('searchbox').or(page.getByRole('textbox', { name: 'Part of a name' })).first().fill(name.slice(0, -1).toUpperCase());
  await button('Search below this folder').click();
  await page.getByRole('link', { name: file, exact: true }).waitFor(slow);
  await look('files-found');

  if (phrase) {
    step('an encrypted volume is unlocked');
    const volume = page.getByRole('combobox', { name: 'Volume' });
    await volume.selectOption({ label: (await volume.getByRole('option').allTextContents()).find((text) => text.includes('locked')) });
    await button('Unlock').click();
    await dialog.getByLabel('Pass phrase').fill('wrong');
    await button('Unlock', dialog).click();
    await dialog.getByText('Danger alert').waitFor(slow);
    await dialog.getByLabel('Pass phrase').fill(phrase);
    await glance('unlock');
    await button('Unlock', dialog).click();
    await dialog.waitFor({ state: 'detached', ...slow });
    const opened = page.getByRole('combobox', { name: 'Volume' });
    await opened.waitFor(slow);
    const inside = (await opened.getByRole('option').allTextContents()).find((text) => text.includes('vault'));
    if (inside) await opened.selectOption({ label: inside }); else faults.push('nothing appears in the unlocked volume');
    await page.getByRole('link').filter({ hasText: 'note-' }).first().waitFor(slow);
  }

  step('what was written is discarded when its name is typed');
  await area('Mounted backups');
  await button('Unmount and discard').click();
  if (!await button('Unmount and discard', dialog).isDisabled()) faults.push('what was written is discarded without the name typed');
  await dialog.getByRole('textbox').fill(machine);
  await glance('mount-discard');
  await button('Unmount and discard', dialog).click();
  await page.getByText('Nothing here yet.').waitFor(slow);
  if ((await context.pages()).length !== 1) faults.push('a download opened another page');
});
