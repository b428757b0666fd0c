import { Button, Label } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useMay } from '../app/session';
import { body, client, page, type Schemas } from '../api/client';
import { ratio, size } from '../format/format';
import { FormDialog } from '../parts/FormDialog';
import { ListTable } from '../parts/ListTable';
import { listQuery } from '../parts/listState';
import { RecoveryKey } from '../parts/RecoveryKey';
import { PageFrame, StateLabel, useAction } from '../parts/parts';
import { t } from '../strings';

export default function DestinationsPage() {
  const queries = useQueryClient();
  const act = useAction();
  const mayWrite = useMay()('destinations.write');
  const [adding, setAdding] = useState(false);
  const [recoveryKey, setRecoveryKey] = useState<string>();
  const refresh = () => queries.invalidateQueries({ queryKey: ['backup-destinations'] });
  return (
    <PageFrame title={t.destinations.title} actions={mayWrite && <Button onClick={() => setAdding(true)}>{t.destinations.add}</Button>}>
      <ListTable<Schemas['Destination']> label={t.destinations.title} name="backup-destinations" read={(state) => page(client.GET('/api/backup-destinations', { params: { query: listQuery(state) } }))}
        columns={[
          { label: t.destinations.name, sort: 'name', cell: (row) => <>{row.name} {row.defaultBackupDestination && <Label isCompact>{t.destinations.default}</Label>}</> },
          { label: t.destinations.type, cell: (row) => row.type.name },
          { label: t.destinations.state, cell: (row) => <><StateLabel name={row.state.name} />{row.stateInfo && <div><small>{row.stateInfo}</small></div>}</> },
          { label: t.destinations.used, cell: (row) => size(row.totalUsedSpace) }, { label: t.destinations.free, cell: (row) => size(row.totalAvailableSpace) },
          { label: t.destinations.savings, cell: (row) => ratio(row.logicalSize, row.totalUsedSpace) }, { label: t.destinations.encrypted, cell: (row) => row.encrypted ? t.yes : t.no },
        ]}
        rowActions={(row) => mayWrite && <Button variant="secondary" size="sm" onClick={() => void act(async () => { await body(client.POST('/api/backup-destinations/{guid}/check', { params: { path: { guid: row.guid } } })); await refresh(); }, row.name)}>{t.destinations.check}</Button>} />
      {adding && (
        <FormDialog title={t.destinations.add} action={t.add} close={() => setAdding(false)} fields={[{ name: 'name', label: t.destinations.name, required: true }, { name: 'path', label: t.destinations.path, required: true }]}
          submit={async ({ name, path }) => {
            const added = await body(client.POST('/api/backup-destinations', { body: { name, type: 'FILESYSTEM', settings: { path } } as Schemas['DestinationRequest'] }));
            await refresh();
            if (added.recoveryKey) setRecoveryKey(added.recoveryKey);
          }} />
      )}
      {recoveryKey && <RecoveryKey recoveryKey={recoveryKey} done={() => setRecoveryKey(undefined)} />}
    </PageFrame>
  );
}
