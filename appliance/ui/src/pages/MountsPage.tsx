import { Button, ClipboardCopy, Label } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { useMay } from '../app/session';
import { body, client, page, type Schemas } from '../api/client';
import { size } from '../format/format';
import { KeepDialog } from '../parts/BootDialog';
import { Dialog } from '../parts/Dialog';
import { Moment, Text } from '../parts/fields';
import { ListTable } from '../parts/ListTable';
import { listQuery } from '../parts/listState';
import { Confirm, PageFrame, StateLabel, useTold, When } from '../parts/parts';
import { unmount } from '../parts/work';
import { t } from '../strings';

type Mount = Schemas['Mount'];
const nameOf = (mount: Mount) => mount.protectedEntity?.name ?? mount.backup.name ?? '';

export default function MountsPage() {
  const may = useMay();
  const told = useTold();
  const [asked, setAsked] = useState<{ what: 'discard' | 'commit' | 'extend' | 'keep'; of: Mount }>();
  const ask = (what: 'discard' | 'commit' | 'extend' | 'keep', of: Mount) => () => setAsked({ what, of });
  const done = () => setAsked(undefined);
  return (
    <PageFrame title={t.mounts.title}>
      <ListTable<Mount> label={t.mounts.title} name="mounted-backups" empty={t.empty.mounts} filterable={false} read={(state) => page(client.GET('/api/mounted-backups', { params: { query: listQuery(state) } }))}
        columns={[
          { label: t.mounts.machine, cell: (row) => row.protectedEntity ? <Link to={`/machines/${row.protectedEntity.guid}`}>{row.protectedEntity.name}</Link> : row.backup.name },
          { label: t.mounts.mode, cell: (row) => <>{t.mounts.modes[row.mode.name]} {row.machine?.name} {row.writable && <Label color="orange" isCompact>{t.mounts.isWritable}</Label>}</> },
          { label: t.mounts.state, cell: (row) => <><StateLabel name={row.state.name} />{row.statusInfo && <div><small>{row.statusInfo}</small></div>}</> },
          { label: t.mounts.address, cell: (row) => <><Addresses mount={row} /><div><small>{t.mounts.clients}: {row.allowedClients.join(', ') || t.mounts.nodeOnly}</small></div></> },
          { label: t.mounts.until, cell: (row) => <span className="vp-nowrap"><When at={row.unmountTime} none={t.mounts.untilTold} /></span> },
        ]}
        rowActions={(row) => (
          <div className="vp-actions vp-few">
            {may('backups.files') && row.state.name === 'MOUNTED' && <Link className="pf-v6-c-button pf-m-secondary pf-m-small" to={`/mounts/${row.guid}`}>{t.mounts.files}</Link>}
            {may('tasks.mount') && ['MOUNTED', 'MOUNTING'].includes(row.state.name) && <Button variant="secondary" size="sm" onClick={ask('extend', row)}>{t.mounts.extend}</Button>}
            {may('tasks.restore') && row.machine && ['MOUNTED', 'FAILED'].includes(row.state.name) && <Button variant="secondary" size="sm" onClick={ask('keep', row)}>{t.boot.keep}</Button>}
            {may('tasks.mount') && row.writable && row.state.name === 'MOUNTED' && <Button variant="secondary" size="sm" onClick={ask('commit', row)}>{t.mounts.commit}</Button>}
            {may('tasks.mount') && ['MOUNTED', 'FAILED'].includes(row.state.name) && <Button variant={row.writable ? 'danger' : 'secondary'} size="sm" onClick={ask('discard', row)}>{row.writable ? t.mounts.discard : t.mounts.unmount}</Button>}
          </div>
        )} />
      {asked?.what === 'discard' && (asked.of.writable
        ? <Confirm title={t.mounts.discardTitle(nameOf(asked.of))} what={t.mounts.discardWhat(nameOf(asked.of))} action={t.mounts.discard} typedName={nameOf(asked.of)} confirm={() => told(unmount(asked.of.guid, false), t.mounts.queued)} close={done} />
        : <Confirm title={t.mounts.unmountTitle(nameOf(asked.of))} what={t.mounts.unmountWhat} action={t.mounts.unmount} confirm={() => told(unmount(asked.of.guid, false), t.mounts.queued)} close={done} />)}
      {asked?.what === 'commit' && <Commit mount={asked.of} close={done} />}
      {asked?.what === 'keep' && <KeepDialog mount={asked.of} close={done} />}
      {asked?.what === 'extend' && <Extend mount={asked.of} close={done} />}
    </PageFrame>
  );
}

/** Where a mount's disks are: a line for each, to be copied. */
function Addresses({ mount }: { mount: Mount }) {
  const disks = useQuery({
    queryKey: ['mounted-backups', mount.guid, 'disks', mount.state.name], enabled: mount.state.name === 'MOUNTED',
    queryFn: () => body(client.GET('/api/mounted-files', { params: { query: { 'mounted-backup': mount.guid } } })),
  });
  if (!mount.address || mount.state.name !== 'MOUNTED') return <>–</>;
  const rows = disks.data?.filter((disk) => disk.address) ?? [];
  return rows.length === 0 ? <Copy text={mount.address} /> : (
    <>{rows.map((disk) => <div key={disk.guid} className="vp-nowrap"><Copy text={disk.address!} /><div><small>{disk.name}, {size(disk.size)}</small></div></div>)}</>
  );
}

const Copy = ({ text }: { text: string }) => <ClipboardCopy isReadOnly variant="inline-compact" isCode hoverTip={t.copy} clickTip={t.copied}>{text}</ClipboardCopy>;

function Extend({ mount, close }: { mount: Mount; close: () => void }) {
  const queries = useQueryClient();
  const [until, setUntil] = useState<number | null>((mount.unmountTime ?? Date.now()) + 86_400_000);
  return (
    <Dialog title={t.mounts.extendTitle(nameOf(mount))} action={t.save} isReady={until !== null && until > Date.now()} close={close} submit={async () => {
      await body(client.PUT('/api/mounted-backups/{guid}/unmount-time', { params: { path: { guid: mount.guid } }, body: { unmountTime: until! } }));
      await queries.invalidateQueries({ queryKey: ['mounted-backups'] });
    }}>
      <Moment id="extend-until" label={t.mounts.untilField} value={until} change={setUntil} help={t.mounts.untilHelp} required />
    </Dialog>
  );
}

function Commit({ mount, close }: { mount: Mount; close: () => void }) {
  const told = useTold();
  const [label, setLabel] = useState('');
  return (
    <Dialog title={t.mounts.commitTitle(nameOf(mount))} about={t.mounts.commitWhat(nameOf(mount))} action={t.mounts.commit} close={close} submit={() => told(unmount(mount.guid, true, label), t.mounts.queued)}>
      <Text id="commit-label" label={t.mounts.remark} value={label} change={setLabel} />
    </Dialog>
  );
}
