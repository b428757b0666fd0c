import { expect, it } from 'vitest';
import { byDay } from './calendar';
import { asTime, ofTime } from './daily';

it('puts runs on their days, in order, and leaves out what is later', () => {
  const from = new Date(2026, 9, 24, 15, 0).getTime(); // Before the clocks go back in Europe.
  const at = (day: number, hour: number) => new Date(2026, 9, day, hour).getTime();
  const days = byDay([at(25, 23), at(25, 1), at(24, 16), at(27, 0)], (one) => one, from, 3);
  expect(days.map((day) => day.items)).toEqual([[at(24, 16)], [at(25, 1), at(25, 23)], []]);
  expect(days.map((day) => [day.date.getDate(), day.isToday])).toEqual([[24, true], [25, false], [26, false]]);
});

it('shows times of day as they are typed', () => {
  expect(asTime(5_400_000)).toBe('01:30');
  expect(ofTime(asTime(86_340_000))).toBe(86_340_000);
});
