import { expect, it } from 'vitest';
import { whenOf } from './whenOf';

const daily = { executionType: { name: 'TIME' as const }, hour: 5_400_000, interval: null, cron: null, daysOfWeek: [], dayOfWeekOccurrences: [], months: [], timeZone: 'UTC' };

it('tells times in words', () => {
  expect(whenOf(daily)).toBe('01:30 (UTC)');
  expect(whenOf({ ...daily, daysOfWeek: [{ name: 'SUNDAY' }], dayOfWeekOccurrences: [{ name: 'FIRST_IN_MONTH' }], months: [{ name: 'MAY' }] })).toBe('01:30, First, Sunday, May (UTC)');
  expect(whenOf({ ...daily, executionType: { name: 'INTERVAL' }, interval: { startHour: 0, endHour: 21_600_000, frequency: 900_000 } })).toBe('every 15 min from 00:00 to 06:00 (UTC)');
  expect(whenOf({ ...daily, executionType: { name: 'CRON' }, cron: '0 3 * * 1' })).toBe('0 3 * * 1 (UTC)');
});
