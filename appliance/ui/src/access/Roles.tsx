import { Button, Label } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useMay } from '../app/session';
import { body, client, page, type Schemas } from '../api/client';
import { Dialog } from '../parts/Dialog';
import { Text } from '../parts/fields';
import { ListTable } from '../parts/ListTable';
import { listQuery } from '../parts/listState';
import { Confirm } from '../parts/parts';
import { t } from '../strings';
import { Checks } from './Checks';

type Role = Schemas['Role'];
type Asked = { what: 'edit' | 'delete'; role?: Role };

export function Roles() {
  const may = useMay();
  const queries = useQueryClient();
  const [asked, setAsked] = useState<Asked>();
  const done = () => setAsked(undefined);
  return (
    <>
      {may('users.write') && <div className="vp-actions"><Button onClick={() => setAsked({ what: 'edit' })}>{t.access.addRole}</Button></div>}
      <ListTable<Role> label={t.access.roles} name="roles" read={(state) => page(client.GET('/api/roles', { params: { query: listQuery(state) } }))}
        columns={[
          { label: t.access.name, sort: 'name', cell: (row) => <>{row.name} {row.builtIn && <Label isCompact>{t.access.builtIn}</Label>}</> }, { label: t.access.description, cell: (row) => row.description ?? '–' },
          { label: t.access.permissions, cell: (row) => row.permissions.map((one) => one === '*' ? t.access.everything : one).join(', ') || '–' },
        ]}
        rowActions={(row) => may('users.write') && !row.builtIn && (
          <>
            <Button variant="secondary" size="sm" onClick={() => setAsked({ what: 'edit', role: row })}>{t.access.edit}</Button>
            <Button variant="danger" size="sm" onClick={() => setAsked({ what: 'delete', role: row })}>{t.access.remove}</Button>
          </>
        )} />
      {asked?.what === 'edit' && <RoleDialog role={asked.role} close={done} />}
      {asked?.what === 'delete' && <Confirm title={t.access.deleteTitle(asked.role!.name)} what={t.access.deleteRoleWhat} action={t.access.remove} close={done} confirm={async () => {
        await body(client.DELETE('/api/roles/{guid}', { params: { path: { guid: asked.role!.guid } } }));
        await queries.invalidateQueries({ queryKey: ['roles'] });
      }} />}
    </>
  );
}

function RoleDialog({ role, close }: { role?: Role; close: () => void }) {
  const queries = useQueryClient();
  const permissions = useQuery({ queryKey: ['permissions'], staleTime: Infinity, queryFn: () => body(client.GET('/api/permissions')) });
  const [name, setName] = useState(role?.name ?? '');
  const [description, setDescription] = useState(role?.description ?? '');
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set(role?.permissions));
  const submit = async () => {
    const sent = { name, description, permissions: [...chosen] };
    await (role ? body(client.PUT('/api/roles/{guid}', { params: { path: { guid: role.guid } }, body: sent })) : body(client.POST('/api/roles', { body: sent })));
    await queries.invalidateQueries({ queryKey: ['roles'] });
  };
  return (
    <Dialog title={role ? t.access.editTitle(role.name) : t.access.addRole} action={t.save} isReady={name.trim() !== ''} submit={submit} close={close}>
      <Text id="role-name" label={t.access.name} value={name} change={setName} required />
      <Text id="role-description" label={t.access.description} value={description} change={setDescription} />
      <Checks id="role-permissions" label={t.access.permissions} chosen={chosen} change={setChosen}
        options={(permissions.data ?? []).map((one) => ({ value: one.name, label: one.name === '*' ? t.access.everything : one.name, help: one.canBeLimited ? one.description : `${one.description} ${t.access.notLimited}` }))} />
    </Dialog>
  );
}
