import { describe, expect, it } from 'vitest';
import { duration, ratio, relative, size } from './format';

describe('format', () => {
  it.each([[0, '0 B'], [1023, '1023 B'], [1024, '1.00 KiB'], [1536, '1.50 KiB'], [1047552, '1023 KiB'], [1048064, '1.00 MiB'], [10 * 1024 ** 3, '10.0 GiB'], [99.96 * 1024 ** 3, '100 GiB'], [null, '–']])(
    'shows %s bytes as %s', (bytes, text) => expect(size(bytes)).toBe(text.replace(' ', '\u00a0')));
  it.each([[0, '0 s'], [999, '< 1 s'], [59_400, '59 s'], [60_000, '1 min'], [61_000, '1 min 1 s'], [3_600_000, '1 h'], [90_000_000, '1 d 1 h'], [undefined, '–']])(
    'shows %s ms as %s', (ms, text) => expect(duration(ms)).toBe(text));
  it('tells how long ago', () => {
    expect(relative(1000, 2000)).toBe('just now');
    expect(relative(0, 3 * 3_600_000)).toBe('3 h ago');
    expect(relative(120_000, 0)).toBe('in 2 min');
  });
  it('divides by nothing never', () => {
    expect(ratio(10, 0)).toBe('–');
    expect(ratio(30, 10)).toBe('3.0 : 1');
  });
});
