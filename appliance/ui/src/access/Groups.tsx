import { Button } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useMay } from '../app/session';
import { body, client, page, type Schemas } from '../api/client';
import { Dialog } from '../parts/Dialog';
import { Text } from '../parts/fields';
import { ListTable } from '../parts/ListTable';
import { listQuery } from '../parts/listState';
import { Confirm, words } from '../parts/parts';
import { t } from '../strings';
import { Assignments } from './Assignments';
import { Checks } from './Checks';

type Group = Schemas['Group'];
type Asked = { what: 'edit' | 'roles' | 'delete'; group?: Group };

export function Groups() {
  const may = useMay();
  const queries = useQueryClient();
  const [asked, setAsked] = useState<Asked>();
  const done = () => setAsked(undefined);
  return (
    <>
      {may('users.write') && <div className="vp-actions"><Button onClick={() => setAsked({ what: 'edit' })}>{t.access.addGroup}</Button></div>}
      <ListTable<Group> label={t.access.groups} name="groups" empty={t.empty.groups} read={(state) => page(client.GET('/api/groups', { params: { query: listQuery(state) } }))}
        columns={[
          { label: t.access.name, sort: 'name', cell: (row) => row.name }, { label: t.access.description, cell: (row) => row.description ?? '–' }, { label: t.access.source, cell: (row) => t.access.sources[row.source.name] ?? words(row.source.name) },
          { label: t.access.members, cell: (row) => row.members.map((one) => one.name).slice(0, 5).join(', ') + (row.members.length > 5 ? ` +${row.members.length - 5}` : '') || '–' },
        ]}
        rowActions={(row) => may('users.write') && (
          <>
            <Button variant="secondary" size="sm" onClick={() => setAsked({ what: 'edit', group: row })}>{t.access.edit}</Button>
            <Button variant="secondary" size="sm" onClick={() => setAsked({ what: 'roles', group: row })}>{t.access.roles}</Button>
            <Button variant="danger" size="sm" onClick={() => setAsked({ what: 'delete', group: row })}>{t.access.remove}</Button>
          </>
        )} />
      {asked?.what === 'edit' && <GroupDialog group={asked.group} close={done} />}
      {asked?.what === 'roles' && <Assignments of={{ kind: 'group', guid: asked.group!.guid, name: asked.group!.name }} close={done} />}
      {asked?.what === 'delete' && <Confirm title={t.access.deleteTitle(asked.group!.name)} what={t.access.deleteGroupWhat} action={t.access.remove} close={done} confirm={async () => {
        await body(client.DELETE('/api/groups/{guid}', { params: { path: { guid: asked.group!.guid } } }));
        await queries.invalidateQueries({ queryKey: ['groups'] });
      }} />}
    </>
  );
}

function GroupDialog({ group, close }: { group?: Group; close: () => void }) {
  const queries = useQueryClient();
  const users = useQuery({ queryKey: ['users', 'all'], queryFn: () => body(client.GET('/api/users')) });
  const [name, setName] = useState(group?.name ?? '');
  const [description, setDescription] = useState(group?.description ?? '');
  const [externalId, setExternalId] = useState(group?.externalId ?? '');
  const [members, setMembers] = useState<ReadonlySet<string>>(new Set(group?.members.map((one) => one.guid)));
  const submit = async () => {
    const sent = { name, description, externalId, ...(externalId === '' && { members: [...members].map((guid) => ({ guid })) }) };
    await (group ? body(client.PUT('/api/groups/{guid}', { params: { path: { guid: group.guid } }, body: sent })) : body(client.POST('/api/groups', { body: sent })));
    await queries.invalidateQueries({ queryKey: ['groups'] });
  };
  return (
    <Dialog title={group ? t.access.editTitle(group.name) : t.access.addGroup} action={t.save} isReady={name.trim() !== ''} submit={submit} close={close}>
      <Text id="group-name" label={t.access.name} value={name} change={setName} required />
      <Text id="group-description" label={t.access.description} value={description} change={setDescription} />
      <Text id="group-external" label={t.access.external} value={externalId} change={setExternalId} help={t.access.externalHelp} />
      {externalId === '' && <Checks id="group-members" label={t.access.members} options={(users.data ?? []).map((user) => ({ value: user.guid, label: user.login, help: user.fullName ?? undefined }))} chosen={members} change={setMembers} />}
    </Dialog>
  );
}
