// Texts of the pages on who may do what.
export const access = {
  title: 'Access', users: 'Users', groups: 'Groups', roles: 'Roles', sessions: 'Sessions', tokens: 'Tokens',
  addUser: 'Add a user', addGroup: 'Add a group', addRole: 'Add a role', addToken: 'Make a token', edit: 'Edit', remove: 'Delete', editTitle: (name: string) => `Change ${name}`,
  login: 'User', fullName: 'Full name', email: 'Mail address', source: 'Known by', sources: { LOCAL: 'This appliance', LDAP: 'The directory' } as Record<string, string>, factor: 'Authenticator', lastLogin: 'Last log-in', active: 'May log in', inactive: 'Shut out', newPassword: 'New password',
  passwordHelp: 'At least 12 characters, and not easily guessed. It must be changed at the next log-in.', rolesForAll: 'Roles for everything',
  deleteTitle: (name: string) => `Delete ${name}?`, deleteUserWhat: 'The user can no longer log in; its sessions and tokens end at once.', deleteGroupWhat: 'Its members stay, without the roles of the group.', deleteRoleWhat: 'Only a role that nobody has can be deleted.',
  resetFactor: 'Reset the authenticator', resetTitle: (name: string) => `Reset the authenticator of ${name}?`, resetWhat: 'The user then logs in with the password alone, and its sessions end. For one who has lost the authenticator and the recovery codes.',
  name: 'Name', description: 'Description', members: 'Members', external: 'Group of the directory (distinguished name)', externalHelp: 'Its members are then members of this group, from their next log-in. Empty: the members are chosen here.',
  permissions: 'Permissions', everything: 'Everything', notLimited: 'Not for selected objects.', builtIn: 'Built in', chosen: (count: number) => `${count} chosen`, filter: 'Part of a name',
  rolesOf: (name: string) => `Roles of ${name}`, noRoles: 'It has no role: nothing is shown to it.', role: 'Role', forWhat: 'For', forAll: 'for everything', forObject: (kind: string, name: string) => `for ${kind.toLowerCase()} ${name}`, gone: '(gone)', give: 'Give the role', take: 'Take away',
  kinds: { machine: 'Machine', hypervisor: 'Host and its machines', 'hypervisor-manager': 'Manager and its hosts', policy: 'Policy and its machines', destination: 'Destination' },
  actsAs: 'Acts as', allOfUser: 'All of its user', created: 'Made', lastUsed: 'Last used', expires: 'Ends', expiresHelp: 'Empty: never.', limitedTo: 'Limited to (none: all that you may)',
  revoke: 'Take back', revokeTitle: (name: string) => `Take the token ${name} back?`, revokeWhat: 'Whatever uses this token is refused at once.', tokenTitle: 'The token', tokenWhy: 'It is shown this once. Send it as the header Authorization: Bearer.', kept: 'I have stored it in a safe place',
  address: 'From', browser: 'Browser', begun: 'Begun', thisOne: 'This one', end: 'End', ended: 'Ended.', endOthers: 'End all others',
};

export const directory = {
  title: 'Directory', about: 'Users who are not known here are looked up in an LDAP directory. Who is in a group there that a group here names may log in, with the roles of that group.', active: 'Ask the directory', url: 'Address',
  urlHelp: 'ldaps://ldap.example.org, or ldap://ldap.example.org, which is made TLS by StartTLS before anything is said.', bindDn: 'Service user (distinguished name)', password: 'Its password', kept: 'One is stored; it stays when this is empty.', userBase: 'Users are below', userClass: 'Class of users',
  loginAttribute: 'Attribute that is the login', groupBase: 'Groups are below', memberAttribute: 'Attribute of groups that names members', authorities: 'Authorities that vouch for it (PEM)', authoritiesHelp: 'Empty: those of the operating system.', save: 'Save and test', works: 'The directory is reached, trusted, and knows the service user.',
};

export const profile = {
  title: 'Profile', limited: 'For selected objects', passwordAbout: 'At least 12 characters, and not easily guessed. Your other sessions end.', passwordChanged: 'The password is changed.',
  factorWhy: 'With an authenticator, a stolen password is not enough to log in as you.', factorMade: 'Log-ins ask for a code of your authenticator once it is confirmed.', begin: 'Set an authenticator up', beginAgain: 'It was not confirmed: set up again', beginAbout: 'Say that it is you.', next: 'Next',
  scan: 'Scan this code', scanAbout: 'With an authenticator application, or type the text below into it. Then type the code that it shows.', qr: 'QR code of the secret', secret: 'Secret', code: 'Code of the authenticator', confirm: 'Confirm',
  renew: 'New recovery codes', removeFactor: 'Take the authenticator away', removeWhat: 'The password alone is then enough to log in as you.', codes: 'Recovery codes', codesWhy: 'Each works once in place of a code, for the day when the authenticator is lost. They are shown this once; those before no longer work.',
};
