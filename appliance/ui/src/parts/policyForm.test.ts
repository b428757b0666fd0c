import { expect, it } from 'vitest';
import type { Schemas } from '../api/client';
import { keepsAll, newKeep, newPolicy, policyForm, policyRequest, retention } from './policyForm';

const policy = {
  guid: 'p', name: 'gold', description: null, active: true, priority: 70, vms: [{ guid: 'm', name: 'web1' }], autoRemoveNonPresent: true, autoAssignSettings: { mode: { name: 'ASSIGN_ONLY' }, includeTags: ['gold'], excludeTags: [], includeRegExps: ['web.*'], excludeRegExps: [], hvClusters: [] },
  failRemainingBackupTasksExportThreshold: null, failRemainingBackupTasksStoreThreshold: 3, backupRetryCount: 2, retryDelay: 60_000, dailyReportEnabled: false, mailingList: null, rpo: null, timeZone: 'Europe/Berlin', tenantId: null, quiesce: { name: 'TRY' },
  preSnapshotCommand: { arguments: ['/bin/a', '-x y'], inGuest: true, timeout: 5000, ignoredExitCodes: [3, 4], standardError: { name: 'IGNORE_WITH_WARNING' } }, postSnapshotCommand: null,
  rules: [{
    guid: 'r', name: 'nightly', active: true, position: 0, policy: { guid: 'p' }, schedules: [{ guid: 's' }], retentionVersions: null, retentionDays: null,
    ruleBackupDestinations: { secondaryBackupDestination: null, primaryBackupDestination: { active: true, roleType: { name: 'PRIMARY' }, backupDestination: { guid: 'd' }, daysToKeepRetentionLock: 7, backupRetentionSettings: {
      retentionKeepLastNFull: null, retentionKeepFullNewerThan: 30 * 86_400_000, retentionKeepLastNIncremental: 5, retentionKeepIncrementalNewerThan: null, keepLastBackupWhenSourceStillExists: false, keepLast: 1, keepHourly: 2, keepDaily: 3, keepWeekly: 4, keepMonthly: 5, keepYearly: 6 } } },
  }],
} as unknown as Schemas['Policy'];

it('saves a policy that was not touched as it is', () => {
  expect(policyRequest(policyForm(policy), 'vm-backup')).toMatchObject({
    name: 'gold', priority: 70, timeZone: 'Europe/Berlin', rpo: 0, backupRetryCount: 2, failRemainingBackupTasksExportThreshold: 0, failRemainingBackupTasksStoreThreshold: 3, vms: [{ guid: 'm' }], autoRemoveNonPresent: true, quiesce: 'TRY',
    autoAssignSettings: { mode: 'ASSIGN_ONLY', includeTags: ['gold'], excludeTags: [], includeRegExps: ['web.*'], excludeRegExps: [] },
    preSnapshotCommand: { arguments: ['/bin/a', '-x y'], inGuest: true, timeout: 5000, ignoredExitCodes: [3, 4], standardError: 'IGNORE_WITH_WARNING' }, postSnapshotCommand: { arguments: [] },
    rules: [{ guid: 'r', name: 'nightly', schedules: [{ guid: 's' }], ruleBackupDestinations: { primaryBackupDestination: { backupDestination: { guid: 'd' }, daysToKeepRetentionLock: 7, backupRetentionSettings: {
      retentionKeepLastNFull: null, retentionKeepFullNewerThan: 30 * 86_400_000, retentionKeepLastNIncremental: 5, retentionKeepIncrementalNewerThan: null, keepLastBackupWhenSourceStillExists: false, keepLast: 1, keepHourly: 2, keepDaily: 3, keepWeekly: 4, keepMonthly: 5, keepYearly: 6 } } } }],
  });
});

it('names a rule as its policy when it has no name, and sends no copy where there is none', () => {
  const [rule] = policyRequest({ ...newPolicy('d'), name: ' nightly ' }, 'vm-backup').rules!;
  expect(rule.name).toBe('nightly');
  expect(rule.ruleBackupDestinations).not.toHaveProperty('secondaryBackupDestination');
});

it('sends versions for snapshots, and no destinations', () => {
  const [rule] = policyRequest({ ...newPolicy(''), name: 'hourly' }, 'vm-snapshot').rules!;
  expect(rule).toMatchObject({ retentionVersions: 3, retentionDays: null });
  expect(rule).not.toHaveProperty('ruleBackupDestinations');
});

it('warns when nothing bounds what is kept', () => {
  const none = { ...newKeep(), keepDaily: 0, keepWeekly: 0, keepMonthly: 0 };
  expect(keepsAll(newKeep())).toBe(false);
  expect(keepsAll(none)).toBe(true);
  expect(keepsAll({ ...none, fullDays: 3 })).toBe(false);
  expect(retention(none).retentionKeepLastNFull).toBeNull();
});
