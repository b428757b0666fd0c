import { Alert, FormGroup, Radio } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useContext, useState } from 'react';
import { body, client, type Named, type Schemas } from '../api/client';
import { useMay } from '../app/session';
import { t } from '../strings';
import { Dialog } from './Dialog';
import { Text, TypedName } from './fields';
import type { Entry } from './files';
import { OneMachine } from './MachineChooser';
import { Notices } from './parts';

const i = t.files.into;
const existingFiles = ['KEEP', 'RENAME', 'REPLACE'] as const;
const namedMax = 8;

/** Asks into which machine files of a mounted backup go, where to, and what becomes of those that are there, and queues it. */
export function RestoreFilesDialog({ volume, owner, chosen, about, close }: { volume: Schemas['MountedFileSystem']; owner: Named | null | undefined; chosen: Entry[]; about: string; close: () => void }) {
  const tell = useContext(Notices);
  const may = useMay();
  const [key] = useState(() => crypto.randomUUID());
  const [wantsOther, setWantsOther] = useState(false);
  const [other, setOther] = useState<Schemas['Machine']>();
  const [wantsFolder, setWantsFolder] = useState(false);
  const [folder, setFolder] = useState('');
  const [existing, setExisting] = useState<(typeof existingFiles)[number]>('KEEP');
  const [typed, setTyped] = useState('');
  const own = useQuery({
    queryKey: ['virtual-machines', owner?.guid], enabled: !!owner && may('inventory.read'), queryFn: () => body(client.GET('/api/virtual-machines/{guid}', { params: { path: { guid: owner!.guid } } })),
  });
  const isGone = !owner || own.data?.present === false;
  const isOther = wantsOther || isGone;
  const known = isOther ? other : own.data;
  const machine = isOther ? other : owner;
  const name = machine?.name ?? '';
  const isOff = known && ['OFF', 'SUSPENDED'].includes(known.powerState.name);
  const losing = chosen.map((entry) => `${wantsFolder ? `${folder.replace(/\/+$/, '')}/${entry.name}` : entry.path}${entry.type === 'DIRECTORY' ? `: ${i.allOfIt}` : ''}`);
  const submit = async () => {
    const tasks = await body(client.POST('/api/mounted-file-systems/{guid}/restore', {
      params: { path: { guid: volume.guid }, header: { 'Idempotency-Key': key } },
      body: { paths: chosen.map((entry) => entry.path), existing, ...(isOther && { virtualMachine: { guid: machine!.guid } }), ...(wantsFolder && { folder }) },
    }));
    tell({ text: i.queued(name), task: tasks[0]?.guid });
  };
  return (
    <Dialog title={i.title} about={about} action={t.restore.submit} isDanger={existing === 'REPLACE'} submit={submit} close={close}
      isReady={machine !== undefined && (!wantsFolder || folder.startsWith('/')) && (existing !== 'REPLACE' || typed === name)}>
      <FormGroup role="radiogroup" isStack label={i.machine} fieldId="into-machine">
        <Radio id="into-own" name="into-machine" label={owner?.name ?? t.none} description={isGone ? t.machines.gone : i.own} isDisabled={isGone} isChecked={!isOther} onChange={() => setWantsOther(false)} />
        <Radio id="into-other" name="into-machine" label={i.other} description={i.otherHelp} isChecked={isOther} onChange={() => setWantsOther(true)} />
      </FormGroup>
      {isOther && <OneMachine id="into-which" label={i.which} without={owner?.guid} chosen={other?.guid} choose={setOther} />}
      {isOff && <Alert component="p" isInline variant="warning" title={i.off(name)} />}
      <FormGroup role="radiogroup" isStack label={i.place} fieldId="into-place">
        <Radio id="into-original" name="into-place" label={i.original} description={i.originalHelp} isChecked={!wantsFolder} onChange={() => setWantsFolder(false)} />
        <Radio id="into-elsewhere" name="into-place" label={i.elsewhere} isChecked={wantsFolder} onChange={() => setWantsFolder(true)} />
      </FormGroup>
      {wantsFolder && <Text id="into-folder" label={i.folder} value={folder} change={setFolder} help={i.folderHelp} required />}
      <FormGroup role="radiogroup" isStack label={i.existing} fieldId="into-existing">
        {existingFiles.map((one) => <Radio key={one} id={`into-${one}`} name="into-existing" label={i.existingFiles[one]} description={i.existingHelp[one]} isChecked={existing === one} onChange={() => setExisting(one)} />)}
      </FormGroup>
      {existing === 'REPLACE' && machine && (
        <>
          <Alert component="p" isInline variant="warning" title={i.losing(name)}>
            <ul className="vp-address">{losing.slice(0, namedMax).map((one) => <li key={one}>{one}</li>)}</ul>
            {losing.length > namedMax && <p>{i.more(losing.length - namedMax)}</p>}
          </Alert>
          <TypedName id="into-typed" name={name} value={typed} change={setTyped} />
        </>
      )}
    </Dialog>
  );
}
