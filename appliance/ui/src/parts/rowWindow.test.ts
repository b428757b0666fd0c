import { expect, it } from 'vitest';
import { rowWindow } from './rowWindow';

it('draws what is in sight of 100,000 rows', () => {
  const { from, to, before, after } = rowWindow(100_000, 40, 2_000_000, 800);
  expect([from, to]).toEqual([50_000 - 12, 50_000 + 20 + 12]);
  expect(before + (to - from) * 40 + after).toBe(4_000_000);
});

it.each([[0, 0], [5, 0], [5, 1e9], [100_000, 1e9], [100_000, -20]])('stays within %i rows, scrolled %i', (count, scrolled) => {
  const { from, to, before, after } = rowWindow(count, 40, scrolled, 800);
  expect(from).toBeGreaterThanOrEqual(0);
  expect(to).toBeLessThanOrEqual(count);
  expect(before + (to - from) * 40 + after).toBe(count * 40);
});
