// From the one-time password to the first backup by the set-up alone; set-up.mjs tells what it is to know.
import { area, look, page, step, tell } from './person.mjs';
import { setUp } from './set-up.mjs';

await tell(async () => {
  await setUp(look);

  step('the dashboard tells of it');
  await area('Dashboard');
  await page.getByText('Restore points').first().waitFor();
  await look('dashboard-first');
});
