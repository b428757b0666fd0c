/** The settings of a node configuration as its form has them; null, empty, and 0 of tasks and rate stand for what is not said. */
export type NodeSettings = {
  tasks: number; types: string[]; paths: string[]; mebibytes: number; place: string; cacheMebibytes: number | null; cachesShares: boolean; stallSeconds: number | null; others: Record<string, unknown>;
};

/** Kinds of tasks that can be withheld from a node. */
export const taskTypes = ['EXPORT', 'RESTORE', 'MOUNT', 'SNAPSHOT', 'SNAPSHOT_REVERSION', 'OLD_SNAPSHOTS_REMOVAL', 'DELETE', 'OLD_BACKUPS_REMOVAL', 'INVENTORY_SYNC', 'VERIFY', 'COLLECT', 'APPLIANCE_BACKUP', 'FILE_RESTORE'];

const mebibyte = 1 << 20;
const list = (value: unknown) => (Array.isArray(value) ? value : value === undefined ? [] : [value]).map(String);

export function settingsFrom(stored: Record<string, unknown>): NodeSettings {
  const { runningTasksMax, allowedTaskTypes, restorePaths, backupBytesPerSecondMax, workPath, mountCacheBytesMax, mountCacheHoldsShares, mountStallSecondsMax, ...others } = stored;
  return {
    tasks: Number(runningTasksMax ?? 0), types: list(allowedTaskTypes), paths: list(restorePaths), mebibytes: Number(backupBytesPerSecondMax ?? 0) / mebibyte, place: String(workPath ?? ''),
    cacheMebibytes: mountCacheBytesMax == null ? null : Number(mountCacheBytesMax) / mebibyte, cachesShares: mountCacheHoldsShares === true, stallSeconds: mountStallSecondsMax == null ? null : Number(mountStallSecondsMax), others,
  };
}

/** What is written; settings that the form does not know stay, for the server to judge. */
export function settingsTo({ tasks, types, paths, mebibytes, place, cacheMebibytes, cachesShares, stallSeconds, others }: NodeSettings): Record<string, unknown> {
  return {
    ...others,
    ...(tasks > 0 && { runningTasksMax: tasks }),
    ...(types.length > 0 && { allowedTaskTypes: types }),
    ...(paths.length > 0 && { restorePaths: paths }),
    ...(mebibytes > 0 && { backupBytesPerSecondMax: Math.round(mebibytes * mebibyte) }),
    ...(place.trim() !== '' && { workPath: place.trim() }),
    ...(cacheMebibytes !== null && { mountCacheBytesMax: Math.round(cacheMebibytes * mebibyte) }),
    ...(cachesShares && { mountCacheHoldsShares: true }),
    ...(stallSeconds !== null && { mountStallSecondsMax: stallSeconds }),
  };
}
