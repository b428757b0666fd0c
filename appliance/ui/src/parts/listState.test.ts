import { expect, it } from 'vitest';
import { listQuery, readListState, writeListState } from './listState';

it('goes to the address and back', () => {
  const state = { page: 3, size: 50, filter: 'web', orderBy: 'name', direction: 'desc' as const, extra: { protected: 'false' } };
  expect(readListState(writeListState(state))).toEqual(state);
});

it('begins without parameters, and heeds no nonsense', () => {
  expect(writeListState(readListState(new URLSearchParams())).toString()).toBe('');
  expect(readListState(new URLSearchParams('page=-1&size=x&direction=up'))).toMatchObject({ page: 0, size: 20, direction: 'asc' });
});

it('asks the server for the page alone', () => {
  expect(listQuery(readListState(new URLSearchParams('protected=true')))).toEqual({ page: 0, size: 20 });
});
