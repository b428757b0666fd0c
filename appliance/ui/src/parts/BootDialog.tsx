import { Checkbox } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useContext, useState } from 'react';
import { body, client, type Schemas } from '../api/client';
import { time } from '../format/format';
import { t } from '../strings';
import { Dialog } from './Dialog';
import { Choice, Text } from './fields';
import { Notices } from './parts';

/** Asks where a machine is to be started from a restore point, and queues it. */
export function BootDialog({ backup, machine, close }: { backup: Schemas['Backup']; machine: string; close: () => void }) {
  const tell = useContext(Notices);
  const [key] = useState(() => crypto.randomUUID());
  const [chosen, setChosen] = useState('');
  const [name, setName] = useState('');
  const [isolated, setIsolated] = useState(true);
  const hosts = useQuery({ queryKey: ['hypervisors', 'for', backup.guid], queryFn: () => body(client.GET('/api/hypervisors', { params: { query: { 'backup-to-be-restored': backup.guid } } })) });
  const host = chosen || hosts.data?.[0]?.guid || '';
  const submit = async () => {
    const tasks = await body(client.POST('/api/tasks/boot', {
      params: { header: { 'Idempotency-Key': key } },
      body: { backup: { guid: backup.guid }, hypervisor: { guid: host }, isolated, ...(name.trim() && { restoredPeName: name.trim() }) },
    }));
    tell({ text: t.boot.started, task: tasks[0]?.guid });
  };
  return (
    <Dialog title={t.boot.title(machine)} about={t.restore.pointOf(time(backup.snapshotTime ?? backup.backupTime))} action={t.boot.action} isReady={host !== ''} submit={submit} close={close}>
      <p>{t.boot.what}</p>
      <Choice id="boot-host" label={t.restore.hypervisor} value={host} change={setChosen} options={(hosts.data ?? []).map((one) => [one.guid, one.name])} />
      <Text id="boot-name" label={t.restore.name} value={name} change={setName} help={t.boot.nameHelp} />
      <Checkbox id="boot-isolated" label={t.boot.isolated} description={t.boot.isolatedHelp} isChecked={isolated} onChange={(_, value) => setIsolated(value)} />
    </Dialog>
  );
}

/** Asks which storage the disks of a machine that was started from a backup are moved to, and queues it. */
export function KeepDialog({ mount, close }: { mount: Schemas['Mount']; close: () => void }) {
  const tell = useContext(Notices);
  const [key] = useState(() => crypto.randomUUID());
  const [storage, setStorage] = useState('');
  const host = mount.machine!.source.guid;
  const storages = useQuery({
    queryKey: ['hypervisor-storages', host],
    queryFn: () => body(client.GET('/api/hypervisor-storages', { params: { query: { hypervisor: host } } })),
  });
  const submit = async () => {
    const tasks = await body(client.POST('/api/tasks/unmount', {
      params: { header: { 'Idempotency-Key': key } }, body: { mountedBackup: { guid: mount.guid }, keep: true, ...(storage && { restoreStorageId: storage }) },
    }));
    tell({ text: t.boot.moving, task: tasks[0]?.guid });
  };
  return (
    <Dialog title={t.boot.keepTitle(mount.machine!.name)} about={t.boot.keepWhat} action={t.boot.keep} submit={submit} close={close}>
      <Choice id="keep-storage" label={t.restore.storage} value={storage} change={setStorage} options={[['', t.boot.anyStorage], ...(storages.data ?? []).map((one): [string, string] => [one.guid, one.name])]} />
    </Dialog>
  );
}
