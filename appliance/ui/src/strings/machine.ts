// Texts of a machine's history and settings.
export const history = {
  title: 'History', read: 'Read', stored: 'Stored', duration: 'Duration', rate: 'Rate', full: 'Full', incremental: 'Incremental', higher: 'Higher: more had changed.',
  lineOf: (count: number, from: string, to: string) => `${count} restore points from ${from} to ${to}; the list below tells each`, point: (when: string, size: string, changed: string) => `${when}: ${size}, of it ${changed} read`,
  chartOf: (title: string, count: number, newest: string, most: string) => `${title} of ${count} backups; the newest ${newest}, at most ${most}`, newest: (value: string) => `Newest: ${value}`, most: (value: string) => `Most: ${value}`,
};

export const settings = {
  title: 'Settings', quiesce: 'Have the guest flush its file systems before the snapshot', quiesceHelp: 'By its agent. Without one the backup is as after a power cut, with a warning.', before: 'Run a command in the guest before the snapshot', after: 'Run a command in the guest after the snapshot',
  command: 'Program and arguments, each on a line of its own', commandHelp: 'No shell reads it: neither quotes nor variables have a meaning.', codes: 'Exit codes that count as success, beside 0', errors: 'When it fails or says something on its error output', fails: 'the backup fails', warns: 'the backup goes on with a warning', ignored: 'nothing is said',
  guest: 'Log-in to the guest', guestHelp: 'Where the platform has no agent, commands are run over SSH.', host: 'Address', port: 'Port', saved: (name: string) => `The settings of ${name} are saved.`,
};

export const points = {
  more: 'More', moreOf: (when: string) => `More for the backup of ${when}`, describe: 'Describe', describeTitle: (when: string) => `Describe the backup of ${when}`, description: 'Description',
  hold: 'Hold', holdTitle: (when: string) => `Hold the backup of ${when}`, holdWhat: 'Neither retention nor people remove it until it is released.', reason: 'Why it is held', release: 'Release', released: 'The backup is released.', heldFor: (reason: string) => (reason ? `Held: ${reason}` : 'Held'), lockedUntil: (when: string) => `Locked until ${when}`,
  delete: 'Delete', deleteTitle: (when: string) => `Delete the backup of ${when}?`, deleteWhat: (machine: string, when: string) => `${machine} can no longer be restored to ${when}. Other backups stay; what only this one needs is freed by the next collection.`, deleteQueued: 'The removal is queued.', newest: 'It is the newest good backup of this machine.',
};
