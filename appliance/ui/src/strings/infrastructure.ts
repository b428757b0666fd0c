// Texts of managers of platforms and of credentials.

/** What becomes of the machines of a host or manager that is removed. */
export const stay = (machines: number) => (machines === 0 ? '' : `${machines === 1 ? 'Its machine stays' : `Its ${machines.toLocaleString()} machines stay`} as gone from the platform, with the backups. `);

export const managers = {
  title: 'Managers', add: 'Add a manager', edit: 'Edit', remove: 'Remove', name: 'Name', url: 'Address', urlHelp: 'Of its API, as in https://manager.example.org', type: 'Platform', machines: 'Machines', state: 'State', lastSeen: 'Last reached', lastSync: 'Inventory read',
  about: 'A manager such as oVirt or Proxmox VE knows hosts and machines together. Hosts that stand alone are under Hosts.', removeTitle: (name: string) => `Remove ${name}?`,
  removeWhat: (machines: number) => `Its hosts go with it. ${stay(machines)}Nothing on the platform is touched.`,
  hosts: 'Hosts', of: (manager: string) => `of ${manager}`,
};

export const credentials = {
  title: 'Credentials', add: 'Make a credential', edit: 'Edit', delete: 'Delete', name: 'Name', kind: 'Kind', login: 'Login', description: 'What it is for', changed: 'Secret changed', use: 'Credential', own: 'User and password below',
  kinds: { PASSWORD: 'Login and password', SSH_KEY: 'Login and private key', TOKEN: 'Token or access key', CERTIFICATE: 'Certificate with its key' }, secrets: { PASSWORD: 'Password', SSH_KEY: 'Private key (PEM)', TOKEN: 'Token', CERTIFICATE: 'Certificate and key (PEM)' },
  secretStays: 'Left empty, the one that is stored stays.', about: 'Hosts, managers, guests and iSCSI initiators can share a credential: changed here, it is changed for all.',
  deleteTitle: (name: string) => `Delete the credential ${name}?`, deleteWhat: 'It can be deleted once nothing uses it.',
};
