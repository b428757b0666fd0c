import { expect, it } from 'vitest';
import { estimateMs, heights, places } from './bars';

it('scales bars to the largest', () => {
  expect(heights([0, 5, 10])).toEqual([0, 0.5, 1]);
  expect(heights([0, 0])).toEqual([0, 0]);
  expect(heights([])).toEqual([]);
});

it('spreads moments over a line', () => {
  expect(places([10, 20, 30])).toEqual([0, 0.5, 1]);
  expect(places([7])).toEqual([0.5]);
});

it('estimates by the median of rates, and by nothing not at all', () => {
  expect(estimateMs(1000, [{ bytes: 100, ms: 10 }, { bytes: 100, ms: 1000 }, { bytes: 100, ms: 20 }])).toBe(200);
  expect(estimateMs(1000, [{ bytes: 0, ms: 10 }])).toBeUndefined();
});
