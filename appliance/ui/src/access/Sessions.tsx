import { Button, Label } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useMay } from '../app/session';
import { body, client, page, type Schemas } from '../api/client';
import { ListTable } from '../parts/ListTable';
import { listQuery } from '../parts/listState';
import { useAction, When } from '../parts/parts';
import { t } from '../strings';

/** Log-ins that have not ended: one's own, or everybody's. */
export function Sessions({ all }: { all?: boolean }) {
  const may = useMay();
  const act = useAction();
  const queries = useQueryClient();
  const refresh = () => queries.invalidateQueries({ queryKey: ['sessions'] });
  const end = (guid: string) => act(async () => {
    const place = { params: { path: { guid } } };
    await (all ? body(client.DELETE('/api/sessions/{guid}', place)) : body(client.DELETE('/api/session/sessions/{guid}', place)));
    await refresh();
  }, t.access.ended);
  return (
    <>
      {!all && (
        <div className="vp-actions">
          <Button variant="secondary" onClick={() => void act(async () => { await body(client.POST('/api/session/sessions/end-others')); await refresh(); }, t.access.ended)}>{t.access.endOthers}</Button>
        </div>
      )}
      <ListTable<Schemas['Session']> label={t.access.sessions} name="sessions" filterable={false}
        read={(state) => page(all ? client.GET('/api/sessions', { params: { query: listQuery(state) } }) : client.GET('/api/session/sessions', { params: { query: listQuery(state) } }))}
        columns={[
          { label: t.access.login, cell: (row) => <>{row.user.name} {row.current && <Label color="green" isCompact>{t.access.thisOne}</Label>}</> },
          { label: t.access.address, cell: (row) => row.address ?? '–' }, { label: t.access.browser, cell: (row) => row.userAgent ?? '–' },
          { label: t.access.begun, cell: (row) => <When at={row.createdAt} /> }, { label: t.access.lastUsed, cell: (row) => <When at={row.lastUsedAt} /> }, { label: t.access.expires, cell: (row) => <When at={row.expiresAt} /> },
        ]}
        rowActions={(row) => !row.current && (!all || may('users.write')) && <Button variant="secondary" size="sm" onClick={() => void end(row.guid)}>{t.access.end}</Button>} />
    </>
  );
}
