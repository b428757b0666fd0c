import { expect, it } from 'vitest';
import { settingsFrom, settingsTo } from './nodeSettings';

it('leaves out what is not limited', () => {
  expect(settingsTo(settingsFrom({}))).toEqual({});
});

it('keeps what is said, also what the form does not know, and a rate that is no whole number of MiB', () => {
  const stored = { runningTasksMax: 2, allowedTaskTypes: ['EXPORT'], restorePaths: ['/restore'], backupBytesPerSecondMax: 50_000_000, workPath: '/work', mountCacheBytesMax: 0, mountCacheHoldsShares: true, mountStallSecondsMax: 300, later: { a: 1 } };
  expect(settingsTo(settingsFrom(stored))).toEqual(stored);
});

it('takes one path for a list of one, as the API does', () => {
  expect(settingsTo(settingsFrom({ restorePaths: '/restore' }))).toEqual({ restorePaths: ['/restore'] });
});

it('tells no file apart from one whose size is not said', () => {
  expect(settingsFrom({}).cacheMebibytes).toBeNull();
  expect(settingsTo({ ...settingsFrom({ mountCacheBytesMax: 0, mountStallSecondsMax: 60 }), cacheMebibytes: 2048, stallSeconds: null })).toEqual({ mountCacheBytesMax: 2_147_483_648 });
});
