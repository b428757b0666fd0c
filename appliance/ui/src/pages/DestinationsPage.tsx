import { Button, Label } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { body, client, page, type Schemas } from '../api/client';
import { useMay } from '../app/session';
import { ratio, size } from '../format/format';
import { Dialog } from '../parts/Dialog';
import { Text } from '../parts/fields';
import { ListTable } from '../parts/ListTable';
import { listQuery } from '../parts/listState';
import { Confirm, Owner, PageFrame, StateLabel, useAction } from '../parts/parts';
import { BucketKeyChoice, PlaceFacts, PlaceFields, usePlace } from '../parts/PlaceFields';
import { Span, Toggle } from '../parts/planFields';
import { RecoveryKey } from '../parts/RecoveryKey';
import { t } from '../strings';

type Destination = Schemas['Destination'];
const d = t.destinations;
const gibibyte = 2 ** 30;
/** Takes the credential away. */
const noCredential = '00000000-0000-0000-0000-000000000000';
const once = () => ({ header: { 'Idempotency-Key': crypto.randomUUID() } });

export default function DestinationsPage() {
  const queries = useQueryClient();
  const act = useAction();
  const may = useMay();
  const mayWrite = may('destinations.write');
  const mayUpkeep = may('tasks.upkeep');
  const [adding, setAdding] = useState(false);
  const [editing, setEditing] = useState<Destination>();
  const [removing, setRemoving] = useState<Destination>();
  const [recoveryKey, setRecoveryKey] = useState<string>();
  const refresh = () => queries.invalidateQueries({ queryKey: ['backup-destinations'] });
  return (
    <PageFrame title={d.title} actions={mayWrite && <Button onClick={() => setAdding(true)}>{d.add}</Button>}>
      <ListTable<Destination> label={d.title} name="backup-destinations" empty={t.empty.destinations} read={(state) => page(client.GET('/api/backup-destinations', { params: { query: listQuery(state) } }))}
        columns={[
          { label: d.name, sort: 'name', cell: (row) => <>{row.name}<Owner of={row.appliance} /> {row.defaultBackupDestination && <Label isCompact>{d.default}</Label>} {row.encrypted && <Label isCompact>{d.encrypted}</Label>}{row.description && <div><small>{row.description}</small></div>}</> },
          { label: d.state, cell: (row) => <><StateLabel name={row.state.name} />{row.stateInfo && <div><small>{row.stateInfo}</small></div>}</> },
          { label: d.used, cell: (row) => size(row.totalUsedSpace) }, { label: d.free, cell: (row) => size(row.totalAvailableSpace) },
          { label: d.savings, cell: (row) => ratio(row.logicalSize, row.totalUsedSpace) },
        ]}
        rowActions={(row) => (
          <>
            {mayWrite && <Button variant="secondary" size="sm" onClick={() => void act(async () => { await body(client.POST('/api/backup-destinations/{guid}/check', { params: { path: { guid: row.guid } } })); await refresh(); }, row.name)}>{d.check}</Button>}
            {mayUpkeep && <Button variant="secondary" size="sm" onClick={() => void act(() => body(client.POST('/api/tasks/verify', { params: once(), body: { backupDestination: { guid: row.guid } } })), d.verifyQueued)}>{d.verify}</Button>}
            {mayUpkeep && <Button variant="secondary" size="sm" onClick={() => void act(() => body(client.POST('/api/tasks/collect', { params: once(), body: { backupDestination: { guid: row.guid } } })), d.collectQueued)}>{d.collect}</Button>}
            {mayWrite && <Button variant="secondary" size="sm" aria-label={`${d.edit}: ${row.name}`} onClick={() => setEditing(row)}>{d.edit}</Button>}
            {mayWrite && <Button variant="danger" size="sm" aria-label={`${d.remove}: ${row.name}`} onClick={() => setRemoving(row)}>{d.remove}</Button>}
          </>
        )} />
      {adding && <Add close={() => setAdding(false)} done={async (key) => {
        await refresh();
        if (key) setRecoveryKey(key);
      }} />}
      {editing && <Edit destination={editing} done={refresh} close={() => setEditing(undefined)} />}
      {removing && <Confirm title={d.removeTitle(removing.name)} what={d.removeWhat} action={d.remove} typedName={removing.name} close={() => setRemoving(undefined)} confirm={async () => {
        await body(client.DELETE('/api/backup-destinations/{guid}', { params: { path: { guid: removing.guid }, query: { forget: true } } }));
        await refresh();
      }} />}
      {recoveryKey && <RecoveryKey recoveryKey={recoveryKey} done={() => setRecoveryKey(undefined)} />}
    </PageFrame>
  );
}

function Add({ done, close }: { done: (recoveryKey: string | null) => Promise<void>; close: () => void }) {
  const [name, setName] = useState('');
  const [passphrase, setPassphrase] = useState('');
  const place = usePlace();
  return (
    <Dialog title={d.add} action={t.add} isReady={name.trim() !== '' && place.isReady} close={close} submit={async () => {
      const added = await body(client.POST('/api/backup-destinations', { body: { name, ...place.request, ...(passphrase && { passphrase }) } as Schemas['DestinationRequest'] }));
      await done(added.recoveryKey ?? null);
    }}>
      <Text id="dialog-name" label={d.name} value={name} change={setName} required />
      <PlaceFields id="dialog" place={place} />
      <Text id="dialog-passphrase" label={d.passphrase} value={passphrase} change={setPassphrase} secret />
    </Dialog>
  );
}

function Edit({ destination, done, close }: { destination: Destination; done: () => Promise<unknown>; close: () => void }) {
  const [name, setName] = useState(destination.name);
  const [description, setDescription] = useState(destination.description ?? '');
  const [isDefault, setDefault] = useState(destination.defaultBackupDestination);
  const [reserve, setReserve] = useState(destination.reserve);
  const before = destination.credential?.guid ?? '';
  const [credential, setCredential] = useState(before);
  return (
    <Dialog title={`${d.edit}: ${destination.name}`} action={t.save} isReady={name.trim() !== ''} close={close} submit={async () => {
      await body(client.PUT('/api/backup-destinations/{guid}', { params: { path: { guid: destination.guid } }, body: { name, description, defaultBackupDestination: isDefault, reserve, ...(credential !== before && { credential: { guid: credential || noCredential } }) } }));
      await done();
    }}>
      <Text id="destination-name" label={d.name} value={name} change={setName} required />
      <PlaceFacts of={destination} />
      {destination.type.name === 'S3' && !destination.appliance && <BucketKeyChoice id="destination-credential" value={credential} change={setCredential} />}
      <Text id="destination-description" label={d.description} value={description} change={setDescription} />
      <Toggle id="destination-default" label={d.isDefault} value={isDefault} change={setDefault} />
      <Span id="destination-reserve" label={d.reserve} value={reserve} change={setReserve} of={gibibyte} unit="GiB" />
    </Dialog>
  );
}
