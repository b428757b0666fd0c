// Policies and schedules as they are made in more than one place.
import { body, client } from '../api/client';
import type { Chosen } from './MachineChooser';

export const keepDefault = { keepDaily: 14, keepWeekly: 8, keepMonthly: 12 };
export const vmsOf = (chosen: Chosen) => [...chosen.keys()].map((guid) => ({ guid }));

/** Makes a policy with one rule that a new schedule starts every day. A try that failed half way leaves a schedule that starts nothing; given again, it is used. */
export async function makeDailyPolicy({ name, chosen, destination, daily, keep, schedule }: {
  name: string; chosen: Chosen; destination: string; daily: { hour: number; timeZone: string }; keep: typeof keepDefault; schedule: { guid?: string };
}) {
  const wanted = { name, type: 'VM_BACKUP', backupType: 'INCREMENTAL', executionType: 'TIME', ...daily } as const;
  schedule.guid = (schedule.guid
    ? await body(client.PUT('/api/schedules/{guid}', { params: { path: { guid: schedule.guid } }, body: wanted }))
    : await body(client.POST('/api/schedules', { body: wanted }))).guid;
  return body(client.POST('/api/policies/vm-backup', {
    body: {
      name, timeZone: daily.timeZone, vms: vmsOf(chosen),
      rules: [{ name, schedules: [{ guid: schedule.guid }], ruleBackupDestinations: { primaryBackupDestination: { backupDestination: { guid: destination }, backupRetentionSettings: keep } } }],
    },
  }));
}
