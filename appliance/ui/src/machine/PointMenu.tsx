import { Dropdown, DropdownItem, DropdownList, MenuToggle } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { body, client, type Schemas } from '../api/client';
import { useMay } from '../app/session';
import { time } from '../format/format';
import { Dialog } from '../parts/Dialog';
import { Text } from '../parts/fields';
import { Confirm, useAction, useTold } from '../parts/parts';
import { t } from '../strings';

type Backup = Schemas['Backup'];
const p = t.points;

/** What is done rarely with a restore point: described, held and released, removed. */
export function PointMenu({ backup, machine }: { backup: Backup; machine: Schemas['Machine'] }) {
  const queries = useQueryClient();
  const act = useAction();
  const told = useTold();
  const may = useMay();
  const [isOpen, setOpen] = useState(false);
  const [asked, setAsked] = useState<'describe' | 'hold' | 'delete'>();
  const when = time(backup.snapshotTime ?? backup.backupTime);
  const params = { path: { guid: backup.guid } };
  const refresh = () => queries.invalidateQueries({ queryKey: ['backups'] });
  const isGood = backup.status.name === 'SUCCESS';
  const mayDelete = may('backups.delete') && !backup.held && !(backup.lockedUntil && backup.lockedUntil > Date.now()) && ['SUCCESS', 'FAILED', 'CANCELLED'].includes(backup.status.name);
  const ask = (what: typeof asked) => () => { setOpen(false); setAsked(what); };
  const items = [
    may('backups.edit') && <DropdownItem key="describe" onClick={ask('describe')}>{p.describe}</DropdownItem>,
    may('backups.hold') && isGood && !backup.held && <DropdownItem key="hold" onClick={ask('hold')}>{p.hold}</DropdownItem>,
    may('backups.hold') && backup.held && <DropdownItem key="release" onClick={() => { setOpen(false); void act(async () => { await body(client.DELETE('/api/backups/{guid}/hold', { params })); await refresh(); }, p.released); }}>{p.release}</DropdownItem>,
    mayDelete && <DropdownItem key="delete" isDanger onClick={ask('delete')}>{p.delete}</DropdownItem>,
  ].filter(Boolean);
  if (items.length === 0) return null;
  return (
    <>
      <Dropdown isOpen={isOpen} onOpenChange={setOpen} shouldFocusFirstItemOnOpen shouldFocusToggleOnSelect popperProps={{ position: 'end', appendTo: () => document.getElementById('main') ?? document.body }} toggle={(toggle) => (
        <MenuToggle ref={toggle} size="sm" variant="secondary" isExpanded={isOpen} aria-label={p.moreOf(when)} onClick={() => setOpen(!isOpen)}>{p.more}</MenuToggle>
      )}>
        <DropdownList>{items}</DropdownList>
      </Dropdown>
      {asked === 'describe' && <OneText title={p.describeTitle(when)} label={p.description} value={backup.description ?? ''} close={() => setAsked(undefined)} save={async (description) => {
        await body(client.PUT('/api/backups/{guid}/description', { params, body: { description } }));
        await refresh();
      }} />}
      {asked === 'hold' && <OneText title={p.holdTitle(when)} about={p.holdWhat} label={p.reason} value="" required close={() => setAsked(undefined)} save={async (reason) => {
        await body(client.PUT('/api/backups/{guid}/hold', { params, body: { reason } }));
        await refresh();
      }} />}
      {asked === 'delete' && <Removal backup={backup} machine={machine} when={when} close={() => setAsked(undefined)} confirm={() => told(
        body(client.POST('/api/tasks/delete', { params: { header: { 'Idempotency-Key': crypto.randomUUID() } }, body: { backups: [{ guid: backup.guid }] } })).then(refresh), p.deleteQueued)} />}
    </>
  );
}

/** The name is typed, and who removes the newest good backup is told that it is. */
function Removal({ backup, machine, when, confirm, close }: { backup: Backup; machine: Schemas['Machine']; when: string; confirm: () => Promise<unknown>; close: () => void }) {
  const newest = useQuery({ queryKey: ['backups', 'newest', machine.guid], queryFn: () => body(client.GET('/api/backups', { params: { query: { 'protected-entity': machine.guid, status: ['SUCCESS'], page: 0, size: 1 } } })) });
  const isNewest = newest.data?.[0]?.guid === backup.guid;
  return <Confirm title={p.deleteTitle(when)} what={`${p.deleteWhat(machine.name, when)}${isNewest ? ` ${p.newest}` : ''}`} action={p.delete} typedName={machine.name} confirm={confirm} close={close} />;
}

function OneText({ title, about, label, value, required, save, close }: { title: string; about?: string; label: string; value: string; required?: boolean; save: (text: string) => Promise<unknown>; close: () => void }) {
  const [text, setText] = useState(value);
  return (
    <Dialog title={title} about={about} action={t.save} isReady={!required || text.trim() !== ''} submit={() => save(text.trim())} close={close}>
      <Text id="point-text" label={label} value={text} change={setText} required={required} />
    </Dialog>
  );
}
