import { Button, ClipboardCopy } from '@patternfly/react-core';
import { useState } from 'react';
import { Link } from 'react-router';
import { client, page, type Schemas } from '../api/client';
import { ListTable } from '../parts/ListTable';
import { listQuery } from '../parts/listState';
import { Confirm, PageFrame, StateLabel, useAction, When } from '../parts/parts';
import { unmount } from '../parts/work';
import { t } from '../strings';

type Mount = Schemas['Mount'];

export default function MountsPage() {
  const act = useAction();
  const [leaving, setLeaving] = useState<Mount>();
  return (
    <PageFrame title={t.mounts.title}>
      <ListTable<Mount> label={t.mounts.title} name="mounted-backups" filterable={false} read={(state) => page(client.GET('/api/mounted-backups', { params: { query: listQuery(state) } }))}
        columns={[
          { label: t.mounts.machine, cell: (row) => row.protectedEntity ? <Link to={`/machines/${row.protectedEntity.guid}`}>{row.protectedEntity.name}</Link> : row.backup.name },
          { label: t.mounts.mode, cell: (row) => row.mode.name },
          { label: t.mounts.state, cell: (row) => <><StateLabel name={row.state.name} />{row.statusInfo && <div><small>{row.statusInfo}</small></div>}</> },
          { label: t.mounts.address, cell: (row) => row.address ? <ClipboardCopy isReadOnly variant="inline-compact" isCode>{row.address}</ClipboardCopy> : '–' },
          { label: t.mounts.since, cell: (row) => <When at={row.mountTime} /> },
          { label: t.mounts.until, cell: (row) => <When at={row.unmountTime} none={t.mounts.untilTold} /> },
        ]}
        rowActions={(row) => row.state.name !== 'UNMOUNTING' && (
          <>
            <Button variant="secondary" size="sm" onClick={() => void act(() => unmount(row.guid, true), t.mounts.queued)}>{t.mounts.commit}</Button>
            <Button variant="danger" size="sm" onClick={() => setLeaving(row)}>{t.mounts.unmount}</Button>
          </>
        )} />
      {leaving && <Confirm title={t.mounts.discardTitle} what={t.mounts.discardWhat(leaving.protectedEntity?.name ?? '')} action={t.mounts.unmount} confirm={() => unmount(leaving.guid, false)} close={() => setLeaving(undefined)} />}
    </PageFrame>
  );
}
