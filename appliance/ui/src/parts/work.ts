// Work that is asked for in more than one place.
import { body, client, type Schemas } from '../api/client';

/** One key for each time a person asks, so that a request sent twice is done once. */
const once = () => ({ params: { header: { 'Idempotency-Key': crypto.randomUUID() } } });

export const backUp = (machine: string, backupType: 'FULL' | 'INCREMENTAL' = 'INCREMENTAL', destination?: string) =>
  body(client.POST('/api/tasks/export', { ...once(), body: { protectedEntities: [{ guid: machine }], backupType, ...(destination && { backupDestination: { guid: destination } }) } }));
export const takeSnapshot = (machine: string) => body(client.POST('/api/tasks/vm-snapshot', { ...once(), body: { protectedEntities: [{ guid: machine }] } }));
export const revert = (snapshot: string) => body(client.POST('/api/tasks/snapshot-reversion', { ...once(), body: { snapshot: { guid: snapshot } } as Schemas['SnapshotReversionBody'] }));
export const unmount = (mounted: string, commit: boolean, label?: string) =>
  body(client.POST('/api/tasks/unmount', { ...once(), body: { mountedBackup: { guid: mounted }, commit, ...(label && { label }) } }));
export const syncInventory = (hypervisor: string) => body(client.POST('/api/tasks/inventory-sync', { ...once(), body: { hypervisor: { guid: hypervisor } } }));
export const cancelTask = (task: string) => body(client.PUT('/api/tasks/{guid}/state', { params: { path: { guid: task } }, body: 'CANCELLED' as never }));

/** Asks again for what a failed task was to do; undefined when the person may not, or when only its own page can (it would take choices that the task does not tell). */
export function retryOf(task: Schemas['Task'], may: (permission: string) => boolean): (() => Promise<unknown>) | undefined {
  const { protectedEntity, hypervisor } = task;
  if (!['FAILED', 'CANCELLED'].includes(task.state.name)) return undefined;
  switch (task.type.name) {
    case 'EXPORT':
    case 'STORE': return protectedEntity && may('tasks.backup') ? () => backUp(protectedEntity.guid, task.backupType?.name ?? 'INCREMENTAL', task.backupDestination?.guid) : undefined;
    case 'SNAPSHOT': return protectedEntity && may('tasks.snapshot') ? () => takeSnapshot(protectedEntity.guid) : undefined;
    case 'INVENTORY_SYNC': return hypervisor && may('tasks.inventory') ? () => syncInventory(hypervisor.guid) : undefined;
    default: return undefined;
  }
}
