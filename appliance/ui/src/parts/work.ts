// Work that is asked for in more than one place.
import { body, client, type Schemas } from '../api/client';

/** One key for each time a person asks, so that a request sent twice is done once. */
const once = () => ({ params: { header: { 'Idempotency-Key': crypto.randomUUID() } } });

export const backUp = (machines: string[], backupType: 'FULL' | 'INCREMENTAL' = 'INCREMENTAL', destination?: string) =>
  body(client.POST('/api/tasks/export', { ...once(), body: { protectedEntities: machines.map((guid) => ({ guid })), backupType, ...(destination && { backupDestination: { guid: destination } }) } }));
export const takeSnapshot = (machine: string) => body(client.POST('/api/tasks/vm-snapshot', { ...once(), body: { protectedEntities: [{ guid: machine }] } }));
export const revert = (snapshot: string) => body(client.POST('/api/tasks/snapshot-reversion', { ...once(), body: { snapshot: { guid: snapshot } } as Schemas['SnapshotReversionBody'] }));
export const unmount = (mounted: string, commit: boolean, label?: string) =>
  body(client.POST('/api/tasks/unmount', { ...once(), body: { mountedBackup: { guid: mounted }, commit, ...(label && { label }) } }));
export const syncInventory = (hypervisor: string) => body(client.POST('/api/tasks/inventory-sync', { ...once(), body: { hypervisor: { guid: hypervisor } } }));
export const cancelTask = (task: string) => body(client.PUT('/api/tasks/{guid}/state', { params: { path: { guid: task } }, body: 'CANCELLED' as never }));

/** Asks again for what a task that failed or was cancelled was to do; undefined when the person may not, or when nobody asks for such tasks. What would destroy data is asked for anew where a name is typed. */
export function retryOf(task: Schemas['Task'], may: (permission: string) => boolean): (() => Promise<unknown>) | undefined {
  const permission = takes[task.type.name];
  if (!['FAILED', 'CANCELLED'].includes(task.state.name) || !permission || !permission.some(may)) return undefined;
  return () => body(client.POST('/api/tasks/{guid}/retry', { params: { path: { guid: task.guid }, ...once().params } }));
}

/** Task → the permissions, of which one is what asking for it takes; the server knows which. */
const takes: Partial<Record<Schemas['Task']['type']['name'], string[]>> = {
  EXPORT: ['tasks.backup'], STORE: ['tasks.backup'], RESTORE: ['tasks.restore', 'tasks.restore-files'], IMPORT: ['tasks.restore'], MOUNT: ['tasks.mount', 'tasks.restore'], UNMOUNT: ['tasks.mount', 'tasks.restore'],
  SNAPSHOT: ['tasks.snapshot'], INVENTORY_SYNC: ['tasks.inventory'], VERIFY: ['tasks.upkeep'], COLLECT: ['tasks.upkeep'], APPLIANCE_BACKUP: ['tasks.upkeep'], FILE_RESTORE: ['tasks.restore'], DELETE: ['backups.delete'],
};
