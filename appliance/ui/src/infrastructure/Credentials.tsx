import { Button } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { body, client, page, type Schemas } from '../api/client';
import { useMay } from '../app/session';
import { credentialName, CredentialDialog } from '../parts/CredentialDialog';
import { ListTable } from '../parts/ListTable';
import { listQuery } from '../parts/listState';
import { Confirm, When } from '../parts/parts';
import { t } from '../strings';

type Credential = Schemas['Credential'];
const c = t.credentials;

/** What platforms, guests and initiators log in with; secrets are never shown. */
export function Credentials() {
  const queries = useQueryClient();
  const mayWrite = useMay()('inventory.credentials');
  const [editing, setEditing] = useState<Credential | 'new'>();
  const [deleting, setDeleting] = useState<Credential>();
  return (
    <>
      {mayWrite && <div className="vp-about"><Button variant="secondary" onClick={() => setEditing('new')}>{c.add}</Button></div>}
      <ListTable<Credential> label={c.title} name="credentials" empty={c.about} read={(state) => page(client.GET('/api/credential', { params: { query: listQuery(state) } }))}
        columns={[
          { label: c.name, sort: 'name', cell: (row) => <>{credentialName(row)}{row.description && <div><small>{row.description}</small></div>}</> }, { label: c.kind, cell: (row) => c.kinds[row.kind.name] },
          { label: c.login, cell: (row) => row.login || '–' }, { label: c.changed, cell: (row) => <When at={row.changedAt} /> },
        ]}
        rowActions={(row) => mayWrite && (
          <>
            <Button variant="secondary" size="sm" aria-label={`${c.edit}: ${credentialName(row)}`} onClick={() => setEditing(row)}>{c.edit}</Button>
            <Button variant="danger" size="sm" aria-label={`${c.delete}: ${credentialName(row)}`} onClick={() => setDeleting(row)}>{c.delete}</Button>
          </>
        )} />
      {editing && <CredentialDialog credential={editing === 'new' ? undefined : editing} close={() => setEditing(undefined)} />}
      {deleting && <Confirm title={c.deleteTitle(credentialName(deleting))} what={c.deleteWhat} action={c.delete} close={() => setDeleting(undefined)} confirm={async () => {
        await body(client.DELETE('/api/credential/{guid}', { params: { path: { guid: deleting.guid } } }));
        await queries.invalidateQueries({ queryKey: ['credentials'] });
      }} />}
    </>
  );
}
