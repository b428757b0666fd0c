import { expect, it } from 'vitest';
import { headersOf } from './headers';

it('headers are lines with a name and a value, which may have colons', () => {
  expect(headersOf(' Authorization: Bearer a:b \n\nX-Scope:tenant')).toEqual({ Authorization: 'Bearer a:b', 'X-Scope': 'tenant' });
  expect(headersOf('')).toEqual({});
});

it('a line that is no header is named by its number', () => {
  expect(headersOf('A: b\nBearer secret')).toBe(2);
  expect(headersOf('A:')).toBe(1);
});
