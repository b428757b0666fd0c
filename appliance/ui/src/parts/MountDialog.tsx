import { Alert, Checkbox, FormGroup, Radio } from '@patternfly/react-core';
import { useContext, useState } from 'react';
import { useMay } from '../app/session';
import { body, client, type Schemas } from '../api/client';
import { time } from '../format/format';
import { t } from '../strings';
import { CredentialChoice } from './CredentialDialog';
import { Dialog } from './Dialog';
import { Lines, Moment, wordsOf } from './fields';
import { Notices } from './parts';

const day = 86_400_000;

/** Asks how a restore point is to be shown, to whom and for how long, and queues it. */
export function MountDialog({ backup, machine, close }: { backup: Schemas['Backup']; machine: string; close: () => void }) {
  const may = useMay();
  const tell = useContext(Notices);
  const [key] = useState(() => crypto.randomUUID());
  const [mode, setMode] = useState<'NBD' | 'ISCSI'>('NBD');
  const [writable, setWritable] = useState(false);
  const [tls, setTls] = useState(false);
  const [authorities, setAuthorities] = useState('');
  const [clients, setClients] = useState('');
  const [until, setUntil] = useState<number | null>(() => Date.now() + day);
  const [chap, setChap] = useState('');
  const [mutual, setMutual] = useState('');
  const submit = async () => {
    const isIscsi = mode === 'ISCSI';
    const isTls = tls && clients !== '';
    const tasks = await body(client.POST('/api/tasks/mount', {
      params: { header: { 'Idempotency-Key': key } },
      body: {
        backup: { guid: backup.guid }, mode, writable, allowedClients: wordsOf(clients), ...(until !== null && { unmountTime: until }),
        ...(!isIscsi && isTls && { tls: true, ...(authorities.trim() && { tlsClientAuthorities: authorities }) }), ...(isIscsi && chap && { chapCredential: { guid: chap } }), ...(isIscsi && chap && mutual && { mutualChapCredential: { guid: mutual } }),
      },
    }));
    tell({ text: t.machines.mountStarted, task: tasks[0]?.guid });
  };
  return (
    <Dialog title={t.mounts.mountTitle(machine)} about={t.restore.pointOf(time(backup.snapshotTime ?? backup.backupTime))} action={t.machines.mount} isReady={until !== null} submit={submit} close={close}>
      <FormGroup role="radiogroup" isStack label={t.mounts.how} fieldId="mount-how">
        <Radio id="mount-nbd" name="mount-how" label={t.mounts.nbd} description={t.mounts.nbdHelp} isChecked={mode === 'NBD'} onChange={() => setMode('NBD')} />
        <Radio id="mount-iscsi" name="mount-how" label={t.mounts.iscsi} description={t.mounts.iscsiHelp} isChecked={mode === 'ISCSI'} onChange={() => setMode('ISCSI')} />
      </FormGroup>
      <Lines id="mount-clients" label={t.mounts.clients} value={clients} change={setClients} help={mode === 'ISCSI' ? t.mounts.clientsIscsi : t.mounts.clientsHelp} />
      {mode === 'ISCSI' && may('inventory.credentials') && (
        <>
          <CredentialChoice id="mount-chap" label={t.mounts.chap} value={chap} change={setChap} fits={(one) => one.kind.name === 'PASSWORD' && !!one.login} help={t.mounts.chapHelp} />
          {chap && <CredentialChoice id="mount-mutual" label={t.mounts.mutual} value={mutual} change={setMutual} without={chap} fits={(one) => one.kind.name === 'PASSWORD' && !!one.login} help={t.mounts.mutualHelp} />}
        </>
      )}
      <Checkbox id="mount-writable" label={t.mounts.writable} description={t.mounts.writableHelp} isChecked={writable} onChange={(_, value) => setWritable(value)} />
      <Moment id="mount-until" label={t.mounts.untilField} value={until} change={setUntil} required help={writable ? t.mounts.untilWritable : undefined} />
      {mode === 'NBD' && clients !== '' && <Checkbox id="mount-tls" label={t.mounts.tls} description={t.mounts.tlsHelp} isChecked={tls} onChange={(_, value) => setTls(value)} />}
      {mode === 'NBD' && clients !== '' && tls && <Lines id="mount-authorities" label={t.mounts.authorities} value={authorities} change={setAuthorities} help={t.mounts.authoritiesHelp} />}
      {mode === 'NBD' && clients !== '' && !tls && <Alert component="p" isInline variant="warning" title={t.mounts.nbdOpen} />}
    </Dialog>
  );
}
