// What forms call the fields that the API's refusals name.
import { access, directory } from './access';
import { plans } from './plans';

const { nodes: n, policy: p, recovery: r, schedules: c, settings: s, telemetry: m } = plans;

/** By the last part of the API's name; what no form has is called as the API calls it. */
export const fields: Record<string, string> = {
  active: p.active, address: 'Address', addresses: s.addresses, allowedClients: 'Who may connect', allowedTaskTypes: n.types, applianceBackupDestination: s.copyTo, applianceBackupHour: s.copyAt, applianceBackupInterval: s.copyEvery, applianceBackupsKept: s.copiesKept,
  applianceName: s.name, applianceRowsMax: s.applianceRows, authorities: directory.authorities, backupBytesPerSecondMax: n.rate, backupDestination: p.destination, backupRetryCount: p.retries, bindDn: directory.bindDn, certificate: s.pem, code: 'Code',
  corsOrigins: s.origins, credential: 'Credential', cron: c.cron, currentPassword: 'Current password', daysOfWeek: c.days, description: p.description, destinationCheckInterval: s.check, email: access.email, endedTaskRetention: s.ended, endpoint: m.endpoint,
  excludeRegExps: p.excludeNames, excludeTags: p.excludeTags, expiresAt: access.expires, failRemainingBackupTasksExportThreshold: p.exportThreshold, failRemainingBackupTasksStoreThreshold: p.storeThreshold, folder: 'Folder', frequency: c.every, fullName: access.fullName,
  groupBase: directory.groupBase, headers: m.headers, host: 'Address', hour: c.at, idempotencyRetention: s.keys, includeRegExps: p.includeNames, includeTags: p.includeTags, inventorySyncInterval: s.sync, logFileAgeMax: s.logAge, logFileBytesMax: s.logSize, logFilesMax: s.logFiles,
  logRetention: s.logKept, login: access.login, maxTasks: n.tasks, metricsInterval: m.interval, mountCacheBytesMax: n.cache, mountCacheHoldsShares: n.shares, mountStallSecondsMax: n.stall, name: n.name, newPassword: 'New password', nodeAddress: s.nodeAddress,
  nodeLeaseTimeout: s.nodeLeaseTimeout, nodeTimeout: s.nodeTimeout, passPhrase: 'Pass phrase', passphrase: 'Pass phrase or recovery key', password: 'Password', path: 'Place', permissions: access.permissions, priority: 'Priority', privateKey: s.key,
  reason: 'Reason', restorePath: 'Directory', restorePaths: n.paths, restoredPeName: r.as, retentionHour: s.retentionAt, retryDelay: p.retryDelay, rpo: p.rpo, rpoAllowance: s.allowance, rules: c.rules, runningTasksMax: s.all, schedules: p.schedules, secret: 'Secret',
  server: plans.appliances.server, sessionAbsoluteTimeout: s.absolute, sessionIdleTimeout: s.idle, sourceRunningTasksMax: s.perSource, startWindowLength: c.window, steps: r.steps, timeZone: c.zone, token: plans.appliances.token, unmountTime: 'Unmounted by itself',
  url: 'Address', userBase: directory.userBase, workPath: n.place,
};
