import { Alert, Button, Checkbox, Form, FormGroup, FormSelect, FormSelectOption, Modal, ModalBody, ModalFooter, ModalHeader, Radio, TextInput } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useContext, useState } from 'react';
import { body, client, type Schemas } from '../api/client';
import { time } from '../format/format';
import { t } from '../strings';
import { Failure, Notices } from './parts';

/** Asks where a restore point is to go and how, and queues it. */
export function Restore({ backup, machine, close }: { backup: Schemas['Backup']; machine: string; close: () => void }) {
  const tell = useContext(Notices);
  const [key] = useState(() => crypto.randomUUID());
  const [asMachine, setAsMachine] = useState(true);
  const [hypervisor, setHypervisor] = useState('');
  const [name, setName] = useState(`${machine}-restored`);
  const [overwrite, setOverwrite] = useState(false);
  const [typed, setTyped] = useState('');
  const [powerOn, setPowerOn] = useState(false);
  const [path, setPath] = useState('');
  const [format, setFormat] = useState('raw');
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const hosts = useQuery({ queryKey: ['hypervisors', 'for', backup.guid], queryFn: () => body(client.GET('/api/hypervisors', { params: { query: { 'backup-to-be-restored': backup.guid } } })) });
  const host = hypervisor || hosts.data?.[0]?.guid || '';
  const isReady = asMachine ? host !== '' && name !== '' && (!overwrite || typed === name) : path.startsWith('/');
  const submit = async () => {
    setBusy(true);
    const params = { header: { 'Idempotency-Key': key } };
    try {
      await (asMachine
        ? body(client.POST('/api/tasks/restore-and-import', { params, body: { backup: { guid: backup.guid }, hypervisor: { guid: host }, restoredPeName: name, overwrite, powerOnAfterRestore: powerOn } }))
        : body(client.POST('/api/tasks/restore', { params, body: { backup: { guid: backup.guid }, restorePath: path, format } })));
      tell({ text: t.machines.restoreStarted });
      close();
    } catch (failed) {
      setError(failed);
      setBusy(false);
    }
  };
  return (
    <Modal isOpen variant="medium" onClose={close} aria-labelledby="restore-title">
      <ModalHeader title={t.restore.title(machine)} description={t.restore.pointOf(time(backup.snapshotTime ?? backup.backupTime))} labelId="restore-title" />
      <ModalBody>
        <Form>
          {error ? <Failure error={error} /> : null}
          <FormGroup role="radiogroup" label={t.restore.how} fieldId="restore-how">
            <Radio id="restore-machine" name="restore-how" label={t.restore.asMachine} isChecked={asMachine} onChange={() => setAsMachine(true)} />
            <Radio id="restore-files" name="restore-how" label={t.restore.asFiles} isChecked={!asMachine} onChange={() => setAsMachine(false)} />
          </FormGroup>
          {asMachine ? (
            <>
              <FormGroup label={t.restore.hypervisor} fieldId="restore-host">
                <FormSelect id="restore-host" value={host} onChange={(_, value) => setHypervisor(value)}>{(hosts.data ?? []).map((one) => <FormSelectOption key={one.guid} value={one.guid} label={one.name} />)}</FormSelect>
              </FormGroup>
              <FormGroup label={t.restore.name} fieldId="restore-name"><TextInput id="restore-name" value={name} onChange={(_, value) => setName(value)} /></FormGroup>
              <Checkbox id="restore-overwrite" label={t.restore.overwrite} isChecked={overwrite} onChange={(_, value) => setOverwrite(value)} />
              {overwrite && (
                <>
                  <Alert component="p" variant="warning" isInline title={t.restore.overwriteWarning(name)} />
                  <FormGroup label={t.restore.typeName(name)} fieldId="restore-typed"><TextInput id="restore-typed" value={typed} onChange={(_, value) => setTyped(value)} /></FormGroup>
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
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button variant={asMachine && overwrite ? 'danger' : 'primary'} isDisabled={!isReady || busy} isLoading={busy} onClick={() => void submit()}>{t.restore.submit}</Button>
        <Button variant="link" onClick={close}>{t.cancel}</Button>
      </ModalFooter>
    </Modal>
  );
}
