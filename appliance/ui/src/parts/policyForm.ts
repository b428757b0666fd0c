// A policy between the API and the form that edits it. What the API says with null, "any number", is 0 in the form.
import type { Schemas } from '../api/client';
import { ownZone } from '../format/daily';
import type { Chosen } from './MachineChooser';

export type Kind = 'vm-backup' | 'vm-snapshot';
const hour = 3_600_000;
const day = 24 * hour;

export const counts = ['keepLast', 'keepHourly', 'keepDaily', 'keepWeekly', 'keepMonthly', 'keepYearly'] as const;
export type Keep = Record<(typeof counts)[number], number> & { fullMax: number; fullDays: number; incrementalMax: number; incrementalDays: number; ofPresent: boolean };
export type Place = { destination: string; lockDays: number; keep: Keep };
export type RuleForm = { key: string; guid?: string; name: string; active: boolean; schedules: string[]; primary: Place; secondary: Place | null; versions: number; versionDays: number };
export type CommandForm = { lines: string; inGuest: boolean; timeout: number; ignored: string; errors: Schemas['CommandErrorHandling']['name'] };
export type PolicyForm = {
  name: string; description: string; active: boolean; priority: number; timeZone: string; tenant: string; rpo: number; retries: number; retryDelay: number; exportThreshold: number; storeThreshold: number;
  machines: Chosen; autoMode: Schemas['AutoAssignMode']['name']; includeTags: string; excludeTags: string; includeNames: string; excludeNames: string; assignNow: boolean; autoRemove: boolean;
  quiesce: Schemas['PolicyQuiesce']['name']; before: CommandForm; after: CommandForm; mailingList: string; rules: RuleForm[];
};

const linesOf = (text: string) => text.split('\n').map((line) => line.trim()).filter((line) => line !== '');
const orAny = (count: number) => (count > 0 ? count : null);
const noCommand: CommandForm = { lines: '', inGuest: false, timeout: 300_000, ignored: '', errors: 'DONT_IGNORE' };

export const newKeep = (): Keep => ({ keepLast: 0, keepHourly: 0, keepDaily: 14, keepWeekly: 8, keepMonthly: 12, keepYearly: 0, fullMax: 0, fullDays: 0, incrementalMax: 0, incrementalDays: 0, ofPresent: true });
export const newPlace = (destination: string): Place => ({ destination, lockDays: 0, keep: newKeep() });
export const newRule = (name: string, destination: string): RuleForm => ({ key: crypto.randomUUID(), name, active: true, schedules: [], primary: newPlace(destination), secondary: null, versions: 3, versionDays: 0 });

export const newPolicy = (destination: string): PolicyForm => ({
  name: '', description: '', active: true, priority: 50, timeZone: ownZone(), tenant: '', rpo: 0, retries: 0, retryDelay: 60_000, exportThreshold: 0, storeThreshold: 0, machines: new Map(), autoMode: 'DISABLED', includeTags: '', excludeTags: '', includeNames: '',
  excludeNames: '', assignNow: true, autoRemove: false, quiesce: 'MACHINE', before: noCommand, after: noCommand, mailingList: '', rules: [newRule('', destination)],
});

const commandForm = (command: Schemas['PolicyCommand'] | null): CommandForm => (command
  ? { lines: (command.arguments ?? []).join('\n'), inGuest: command.inGuest ?? false, timeout: command.timeout ?? 300_000, ignored: (command.ignoredExitCodes ?? []).join(' '), errors: command.standardError?.name ?? 'DONT_IGNORE' } : noCommand);

const keepForm = (keep: Schemas['Retention'] | null): Keep => ({
  ...Object.fromEntries(counts.map((field) => [field, keep?.[field] ?? 0])) as Record<(typeof counts)[number], number>, fullMax: keep?.retentionKeepLastNFull ?? 0, fullDays: (keep?.retentionKeepFullNewerThan ?? 0) / day,
  incrementalMax: keep?.retentionKeepLastNIncremental ?? 0, incrementalDays: (keep?.retentionKeepIncrementalNewerThan ?? 0) / day, ofPresent: keep?.keepLastBackupWhenSourceStillExists ?? true,
});

const placeForm = (place: Schemas['RuleDestination']): Place => ({ destination: place.backupDestination?.guid ?? '', lockDays: place.daysToKeepRetentionLock ?? 0, keep: keepForm(place.backupRetentionSettings) });

/** The form that shows a policy, read whole. */
export function policyForm(policy: Schemas['Policy']): PolicyForm {
  const auto = policy.autoAssignSettings;
  return {
    name: policy.name, description: policy.description ?? '', active: policy.active, priority: policy.priority, timeZone: policy.timeZone, tenant: policy.tenantId ?? '', rpo: policy.rpo ?? 0, retries: policy.backupRetryCount, retryDelay: policy.retryDelay,
    exportThreshold: policy.failRemainingBackupTasksExportThreshold ?? 0, storeThreshold: policy.failRemainingBackupTasksStoreThreshold ?? 0, machines: new Map(policy.vms.map((machine) => [machine.guid, machine.name ?? ''])),
    autoMode: auto.mode?.name ?? 'DISABLED', includeTags: (auto.includeTags ?? []).join('\n'), excludeTags: (auto.excludeTags ?? []).join('\n'), includeNames: (auto.includeRegExps ?? []).join('\n'), excludeNames: (auto.excludeRegExps ?? []).join('\n'),
    assignNow: true, autoRemove: policy.autoRemoveNonPresent, quiesce: policy.quiesce.name, before: commandForm(policy.preSnapshotCommand), after: commandForm(policy.postSnapshotCommand), mailingList: policy.mailingList?.guid ?? '',
    rules: policy.rules.map((rule) => {
      const { primaryBackupDestination: primary, secondaryBackupDestination: secondary } = rule.ruleBackupDestinations ?? { primaryBackupDestination: null, secondaryBackupDestination: null };
      return {
        key: rule.guid, guid: rule.guid, name: rule.name, active: rule.active, schedules: (rule.schedules ?? []).map((schedule) => schedule.guid), primary: primary ? placeForm(primary) : newPlace(''), secondary: secondary ? placeForm(secondary) : null,
        versions: rule.retentionVersions ?? 0, versionDays: rule.retentionDays ?? 0,
      };
    }),
  };
}

const command = (form: CommandForm) => {
  const given = linesOf(form.lines);
  return given.length === 0 ? { arguments: [] } : { arguments: given, inGuest: form.inGuest, timeout: form.timeout, ignoredExitCodes: form.ignored.split(/[\s,]+/).filter((code) => code !== '').map(Number), standardError: form.errors };
};

/** Retention as rules and the simulator take it. */
export const retention = (keep: Keep) => ({
  ...Object.fromEntries(counts.map((field) => [field, keep[field]])) as Record<(typeof counts)[number], number>, retentionKeepLastNFull: orAny(keep.fullMax), retentionKeepFullNewerThan: orAny(keep.fullDays * day),
  retentionKeepLastNIncremental: orAny(keep.incrementalMax), retentionKeepIncrementalNewerThan: orAny(keep.incrementalDays * day), keepLastBackupWhenSourceStillExists: keep.ofPresent,
});

/** Whether restore points would pile up for ever. */
export const keepsAll = (keep: Keep) => counts.every((field) => keep[field] === 0) && keep.fullMax + keep.fullDays + keep.incrementalMax + keep.incrementalDays === 0;

const place = (form: Place) => ({ backupDestination: { guid: form.destination }, daysToKeepRetentionLock: form.lockDays, backupRetentionSettings: retention(form.keep) });

/** What is sent to save the form. */
export function policyRequest(form: PolicyForm, kind: Kind): Schemas['PolicyRequest'] {
  return {
    name: form.name.trim(), description: form.description, active: form.active, priority: form.priority, timeZone: form.timeZone, tenantId: form.tenant, rpo: form.rpo, backupRetryCount: form.retries, retryDelay: form.retryDelay,
    failRemainingBackupTasksExportThreshold: form.exportThreshold, failRemainingBackupTasksStoreThreshold: form.storeThreshold, vms: [...form.machines.keys()].map((guid) => ({ guid })), autoRemoveNonPresent: form.autoRemove,
    autoAssignSettings: { mode: form.autoMode, includeTags: linesOf(form.includeTags), excludeTags: linesOf(form.excludeTags), includeRegExps: linesOf(form.includeNames), excludeRegExps: linesOf(form.excludeNames) },
    executeAutoAssignmentAfterSavingPolicy: form.autoMode !== 'DISABLED' && form.assignNow, quiesce: form.quiesce, preSnapshotCommand: command(form.before), postSnapshotCommand: command(form.after), ...(form.mailingList && { mailingList: { guid: form.mailingList } }),
    rules: form.rules.map((rule) => ({
      ...(rule.guid && { guid: rule.guid }), name: rule.name.trim() || form.name.trim(), active: rule.active, schedules: rule.schedules.map((guid) => ({ guid })),
      ...(kind === 'vm-backup'
        ? { ruleBackupDestinations: { primaryBackupDestination: place(rule.primary), ...(rule.secondary && { secondaryBackupDestination: place(rule.secondary) }) } }
        : { retentionVersions: orAny(rule.versions), retentionDays: orAny(rule.versionDays) }),
    })),
  } as Schemas['PolicyRequest'];
}
