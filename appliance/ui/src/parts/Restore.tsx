import { Alert, Button, Checkbox, FormGroup, FormSelect, FormSelectOption, Radio, TextInput } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useContext, useState } from 'react';
import { body, client, type Schemas } from '../api/client';
import { Checks } from '../access/Checks';
import { useMay } from '../app/session';
import { duration, size, time } from '../format/format';
import { estimateMs } from '../machine/bars';
import { t } from '../strings';
import { Dialog } from './Dialog';
import { TypedName } from './fields';
import { Notices } from './parts';

const cardsMax = 16;

/** Asks where a restore point is to go and how, and queues it. */
export function Restore({ backup, machine, close }: { backup: Schemas['Backup']; machine: string; close: () => void }) {
  const tell = useContext(Notices);
  const [key] = useState(() => crypto.randomUUID());
  const may = useMay();
  const [asMachine, setAsMachine] = useState(may('tasks.restore'));
  const [chosen, setChosen] = useState<ReadonlySet<string>>();
  const [storage, setStorage] = useState('');
  const [hypervisor, setHypervisor] = useState('');
  const [name, setName] = useState(`${machine}-restored`);
  const [overwrite, setOverwrite] = useState(false);
  const [typed, setTyped] = useState('');
  const [powerOn, setPowerOn] = useState(false);
  const [networks, setNetworks] = useState<string[]>(['']);
  const [path, setPath] = useState('');
  const [format, setFormat] = useState('raw');
  const hosts = useQuery({ queryKey: ['hypervisors', 'for', backup.guid], queryFn: () => body(client.GET('/api/hypervisors', { params: { query: { 'backup-to-be-restored': backup.guid } } })) });
  const host = hypervisor || hosts.data?.[0]?.guid || '';
  const disks = useQuery({ queryKey: ['backup-files', backup.guid], queryFn: () => body(client.GET('/api/backup-files', { params: { query: { backup: backup.guid } } })) });
  const storages = useQuery({
    queryKey: ['hypervisor-storages', host], enabled: asMachine && host !== '',
    queryFn: () => body(client.GET('/api/hypervisor-storages', { params: { query: { hypervisor: host } } })),
  });
  const networksThere = useQuery({ queryKey: ['network', host], enabled: asMachine && host !== '', queryFn: () => body(client.GET('/api/network', { params: { query: { hypervisor: host, page: 0, size: 1000 } } })) });
  const restoredNetworks = networks.flatMap((network, card) => (network ? [{ network: { guid: network }, networkInterfaceCard: card }] : []));
  const wanted = (disks.data ?? []).filter((disk) => !chosen || chosen.has(disk.guid));
  const bytes = wanted.reduce((sum, disk) => sum + disk.size, 0);
  const estimate = useEstimate(bytes, backup.protectedEntity?.guid);
  const taskFiles = chosen && chosen.size < (disks.data?.length ?? 0) ? wanted.map((disk) => ({ guid: disk.guid })) : undefined;
  const isReady = wanted.length > 0 && (asMachine ? host !== '' && name !== '' && (!overwrite || typed === name) : path.startsWith('/'));
  const submit = async () => {
    const params = { header: { 'Idempotency-Key': key } };
    const tasks = await (asMachine
      ? body(client.POST('/api/tasks/restore-and-import', { params, body: { backup: { guid: backup.guid }, hypervisor: { guid: host }, restoredPeName: name, overwrite, powerOnAfterRestore: powerOn, ...(storage && { restoreStorageId: storage }), ...(restoredNetworks.length > 0 && { restoredNetworks }), ...(taskFiles && { taskFiles }) } }))
      : body(client.POST('/api/tasks/restore', { params, body: { backup: { guid: backup.guid }, restorePath: path, format, ...(taskFiles && { taskFiles }) } })));
    tell({ text: t.machines.restoreStarted, task: tasks[0]?.guid });
  };
  return (
    <Dialog title={t.restore.title(machine)} about={t.restore.pointOf(time(backup.snapshotTime ?? backup.backupTime))} action={t.restore.submit} isReady={isReady} isDanger={asMachine && overwrite} submit={submit} close={close}>
      {disks.data && <p>{estimate === undefined ? t.restore.noEstimate(size(bytes)) : t.restore.estimate(size(bytes), duration(Math.max(1000, estimate)))}</p>}
      <FormGroup role="radiogroup" label={t.restore.how} fieldId="restore-how">
        {may('tasks.restore') && <Radio id="restore-machine" name="restore-how" label={t.restore.asMachine} isChecked={asMachine} onChange={() => setAsMachine(true)} />}
        {may('tasks.restore-files') && <Radio id="restore-files" name="restore-how" label={t.restore.asFiles} isChecked={!asMachine} onChange={() => setAsMachine(false)} />}
      </FormGroup>
      {asMachine ? (
        <>
          <FormGroup label={t.restore.hypervisor} fieldId="restore-host">
            <FormSelect id="restore-host" value={host} onChange={(_, value) => { setHypervisor(value); setStorage(''); setNetworks(['']); }}>{(hosts.data ?? []).map((one) => <FormSelectOption key={one.guid} value={one.guid} label={one.name} />)}</FormSelect>
          </FormGroup>
          {(storages.data?.length ?? 0) > 0 && (
            <FormGroup label={t.restore.storage} fieldId="restore-storage">
              <FormSelect id="restore-storage" value={storage} onChange={(_, value) => setStorage(value)}>
                <FormSelectOption value="" label={t.restore.sameStorage} />
                {storages.data!.map((one) => <FormSelectOption key={one.guid} value={one.guid} label={one.name} />)}
              </FormSelect>
            </FormGroup>
          )}
          {(networksThere.data?.length ?? 0) > 0 && (
            <>
              {networks.map((network, card) => (
                <FormGroup key={card} label={t.restore.networkOf(card)} fieldId={`restore-network-${card}`}>
                  <FormSelect id={`restore-network-${card}`} value={network} onChange={(_, value) => setNetworks(networks.map((one, index) => (index === card ? value : one)))}>
                    <FormSelectOption value="" label={t.restore.sameNetwork} />
                    {networksThere.data!.map((one) => <FormSelectOption key={one.guid} value={one.guid} label={one.vlan == null ? one.name : `${one.name} (VLAN ${one.vlan})`} />)}
                  </FormSelect>
                </FormGroup>
              ))}
              {networks.length < cardsMax && <div><Button variant="link" isInline onClick={() => setNetworks([...networks, ''])}>{t.restore.addCard}</Button></div>}
            </>
          )}
          <FormGroup label={t.restore.name} fieldId="restore-name"><TextInput id="restore-name" value={name} onChange={(_, value) => setName(value)} /></FormGroup>
          <Checkbox id="restore-overwrite" label={t.restore.overwrite} isChecked={overwrite} onChange={(_, value) => setOverwrite(value)} />
          {overwrite && (
            <>
              <Alert component="p" variant="warning" isInline title={t.restore.overwriteWarning(name)} />
              <TypedName id="restore-typed" name={name} value={typed} change={setTyped} />
            </>
          )}
          <Checkbox id="restore-power" label={t.restore.powerOn} isChecked={powerOn} onChange={(_, value) => setPowerOn(value)} />
        </>
      ) : (
        <>
          <FormGroup label={t.restore.path} fieldId="restore-path" isRequired><TextInput id="restore-path" value={path} onChange={(_, value) => setPath(value)} /></FormGroup>
          <FormGroup label={t.restore.format} fieldId="restore-format">
            <FormSelect id="restore-format" value={format} onChange={(_, value) => setFormat(value)}>{['raw', 'qcow2', 'vmdk', 'vhdx', 'vhd'].map((one) => <FormSelectOption key={one} value={one} label={one} />)}</FormSelect>
          </FormGroup>
        </>
      )}
      {(disks.data?.length ?? 0) > 1 && (
        <Checks id="restore-disks" label={t.restore.disks} options={disks.data!.map((disk) => ({ value: disk.guid, label: `${disk.name}, ${size(disk.size)}` }))}
          chosen={chosen ?? new Set(disks.data!.map((disk) => disk.guid))} change={setChosen} />
      )}
    </Dialog>
  );
}

/** How long so many bytes will take to restore, in milliseconds: by earlier restores, or else by backups of the machine. */
function useEstimate(bytes: number, machine: string | undefined): number | undefined {
  const restores = useQuery({
    queryKey: ['tasks', 'restores'], retry: false,
    queryFn: () => body(client.GET('/api/tasks', { params: { query: { type: ['RESTORE', 'IMPORT'], state: ['FINISHED'], page: 0, size: 20 } } })),
  });
  const backups = useQuery({
    queryKey: ['backups', 'history', machine], enabled: machine !== undefined,
    queryFn: () => body(client.GET('/api/backups', { params: { query: { 'protected-entity': machine, page: 0, size: 100 } } })),
  });
  return estimateMs(bytes, (restores.data ?? []).map((task) => ({ bytes: task.bytesDone, ms: (task.finished ?? 0) - (task.started ?? 0) })))
    ?? estimateMs(bytes, (backups.data ?? []).map((one) => ({ bytes: one.transferSize, ms: (one.finishTime ?? 0) - one.backupTime })));
}
