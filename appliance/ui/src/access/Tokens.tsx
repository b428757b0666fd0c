import { Button } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useMay } from '../app/session';
import { body, client, page, type Schemas } from '../api/client';
import { time } from '../format/format';
import { Dialog } from '../parts/Dialog';
import { Moment, Text } from '../parts/fields';
import { ListTable } from '../parts/ListTable';
import { listQuery } from '../parts/listState';
import { Confirm, StateLabel, When } from '../parts/parts';
import { t } from '../strings';
import { Checks } from './Checks';
import { Once } from './Once';

type Token = Schemas['Token'];

/** Tokens for automation: one's own, and for those who may see them all. */
export function Tokens() {
  const queries = useQueryClient();
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState('');
  const [revoking, setRevoking] = useState<Token>();
  const refresh = () => queries.invalidateQueries({ queryKey: ['tokens'] });
  return (
    <>
      <div className="vp-actions"><Button onClick={() => setAdding(true)}>{t.access.addToken}</Button></div>
      <ListTable<Token> label={t.access.tokens} name="tokens" empty={t.empty.tokens} filterable={false} read={(state) => page(client.GET('/api/tokens', { params: { query: listQuery(state) } }))}
        columns={[
          { label: t.access.name, cell: (row) => row.name }, { label: t.access.actsAs, cell: (row) => row.user.name },
          { label: t.access.permissions, cell: (row) => row.permissions.join(', ') || t.access.allOfUser },
          { label: t.access.created, cell: (row) => <When at={row.createdAt} /> }, { label: t.access.lastUsed, cell: (row) => <When at={row.lastUsedAt} none={t.machines.never} /> },
          { label: t.access.expires, cell: (row) => row.revokedAt ? <StateLabel name="REVOKED" /> : row.expiresAt ? time(row.expiresAt) : t.machines.never },
        ]}
        rowActions={(row) => !row.revokedAt && <Button variant="danger" size="sm" onClick={() => setRevoking(row)}>{t.access.revoke}</Button>} />
      {adding && <TokenDialog close={() => setAdding(false)} made={(token) => { setMade(token); void refresh(); }} />}
      {made && <Once title={t.access.tokenTitle} why={t.access.tokenWhy} secrets={[made]} close={() => setMade('')} />}
      {revoking && <Confirm title={t.access.revokeTitle(revoking.name)} what={t.access.revokeWhat} action={t.access.revoke} close={() => setRevoking(undefined)}
        confirm={async () => { await body(client.DELETE('/api/tokens/{guid}', { params: { path: { guid: revoking.guid } } })); await refresh(); }} />}
    </>
  );
}

function TokenDialog({ close, made }: { close: () => void; made: (token: string) => void }) {
  const may = useMay();
  const permissions = useQuery({ queryKey: ['permissions'], staleTime: Infinity, retry: false, queryFn: () => body(client.GET('/api/permissions')) });
  const [name, setName] = useState('');
  const [until, setUntil] = useState<number | null>(null);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const own = (permissions.data ?? []).filter((one) => one.name !== '*' && may(one.name));
  return (
    <Dialog title={t.access.addToken} action={t.add} isReady={name.trim() !== ''} close={close} submit={async () => {
      made((await body(client.POST('/api/tokens', { body: { name, permissions: [...chosen], ...(until !== null && { expiresAt: until }) } }))).token);
    }}>
      <Text id="token-name" label={t.access.name} value={name} change={setName} required />
      <Moment id="token-until" label={t.access.expires} value={until} change={setUntil} help={t.access.expiresHelp} />
      <Checks id="token-permissions" label={t.access.limitedTo} chosen={chosen} change={setChosen} options={own.map((one) => ({ value: one.name, label: one.name, help: one.description }))} />
    </Dialog>
  );
}
