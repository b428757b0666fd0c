import { expect, it } from 'vitest';
import { dailyAt } from './daily';

it('tells a time of day in milliseconds after midnight', () => {
  expect(dailyAt('01:30')?.hour).toBe(5_400_000);
  expect(dailyAt('24:00')).toBeUndefined();
  expect(dailyAt('')).toBeUndefined();
});
