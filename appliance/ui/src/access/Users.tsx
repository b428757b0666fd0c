import { Button, Checkbox, Label } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useMay, useUser } from '../app/session';
import { body, client, page, type Schemas } from '../api/client';
import { Dialog } from '../parts/Dialog';
import { Text } from '../parts/fields';
import { ListTable } from '../parts/ListTable';
import { listQuery } from '../parts/listState';
import { Confirm, When, words } from '../parts/parts';
import { t } from '../strings';
import { Assignments } from './Assignments';
import { Checks } from './Checks';

type User = Schemas['User'];
type Asked = { what: 'edit' | 'roles' | 'factor' | 'delete'; user?: User };

export function Users() {
  const may = useMay();
  const self = useUser().data?.guid;
  const queries = useQueryClient();
  const [asked, setAsked] = useState<Asked>();
  const refresh = () => queries.invalidateQueries({ queryKey: ['users'] });
  const done = () => setAsked(undefined);
  const ask = (what: Asked['what'], user: User) => () => setAsked({ what, user });
  const place = { params: { path: { guid: asked?.user?.guid ?? '' } } };
  return (
    <>
      {may('users.write') && <div className="vp-actions"><Button onClick={() => setAsked({ what: 'edit' })}>{t.access.addUser}</Button></div>}
      <ListTable<User> label={t.access.users} name="users" read={(state) => page(client.GET('/api/users', { params: { query: listQuery(state) } }))}
        columns={[
          { label: t.access.login, sort: 'login', cell: (row) => <>{row.login} {!row.active && <Label color="grey" isCompact>{t.access.inactive}</Label>}</> },
          { label: t.access.fullName, cell: (row) => row.fullName ?? '–' }, { label: t.access.source, cell: (row) => t.access.sources[row.source.name] ?? words(row.source.name) },
          { label: t.access.roles, cell: (row) => row.roles.map((role) => role.name).join(', ') || '–' },
          { label: t.access.factor, cell: (row) => row.secondFactor ? t.yes : t.no }, { label: t.access.lastLogin, cell: (row) => <When at={row.lastLoginAt} none={t.machines.never} /> },
        ]}
        rowActions={(row) => may('users.write') && (
          <div className="vp-actions vp-few">
            <Button variant="secondary" size="sm" onClick={ask('edit', row)}>{t.access.edit}</Button>
            <Button variant="secondary" size="sm" onClick={ask('roles', row)}>{t.access.roles}</Button>
            {row.secondFactor && <Button variant="secondary" size="sm" onClick={ask('factor', row)}>{t.access.resetFactor}</Button>}
            {row.guid !== self && <Button variant="danger" size="sm" onClick={ask('delete', row)}>{t.access.remove}</Button>}
          </div>
        )} />
      {asked?.what === 'edit' && <UserDialog user={asked.user} close={done} />}
      {asked?.what === 'roles' && <Assignments of={{ kind: 'user', guid: asked.user!.guid, name: asked.user!.login }} close={() => { done(); void refresh(); }} />}
      {asked?.what === 'factor' && <Confirm title={t.access.resetTitle(asked.user!.login)} what={t.access.resetWhat} action={t.access.resetFactor} close={done}
        confirm={async () => { await body(client.DELETE('/api/users/{guid}/second-factor', place)); await refresh(); }} />}
      {asked?.what === 'delete' && <Confirm title={t.access.deleteTitle(asked.user!.login)} what={t.access.deleteUserWhat} action={t.access.remove} close={done}
        confirm={async () => { await body(client.DELETE('/api/users/{guid}', place)); await refresh(); }} />}
    </>
  );
}

function UserDialog({ user, close }: { user?: User; close: () => void }) {
  const queries = useQueryClient();
  const roles = useQuery({ queryKey: ['roles', 'all'], queryFn: () => body(client.GET('/api/roles')) });
  const [login, setLogin] = useState(user?.login ?? '');
  const [fullName, setFullName] = useState(user?.fullName ?? '');
  const [email, setEmail] = useState(user?.email ?? '');
  const [active, setActive] = useState(user?.active ?? true);
  const [password, setPassword] = useState('');
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set(user?.roles.map((role) => role.guid)));
  const submit = async () => {
    const sent = { login, fullName: fullName || null, email: email || null, active, ...(password && { password }), roles: [...chosen].map((guid) => ({ guid })) };
    await (user ? body(client.PUT('/api/users/{guid}', { params: { path: { guid: user.guid } }, body: sent })) : body(client.POST('/api/users', { body: sent })));
    await queries.invalidateQueries({ queryKey: ['users'] });
  };
  return (
    <Dialog title={user ? t.access.editTitle(user.login) : t.access.addUser} action={t.save} isReady={login.trim() !== '' && (!!user || password !== '')} submit={submit} close={close}>
      <Text id="user-login" label={t.access.login} value={login} change={setLogin} required />
      <Text id="user-name" label={t.access.fullName} value={fullName} change={setFullName} />
      <Text id="user-email" label={t.access.email} value={email} change={setEmail} />
      {user?.source.name !== 'LDAP' && <Text id="user-password" label={user ? t.access.newPassword : t.login.password} value={password} change={setPassword} secret required={!user} help={t.access.passwordHelp} />}
      <Checkbox id="user-active" label={t.access.active} isChecked={active} onChange={(_, value) => setActive(value)} />
      <Checks id="user-roles" label={t.access.rolesForAll} options={(roles.data ?? []).map((role) => ({ value: role.guid, label: role.name, help: role.description ?? undefined }))} chosen={chosen} change={setChosen} />
    </Dialog>
  );
}
