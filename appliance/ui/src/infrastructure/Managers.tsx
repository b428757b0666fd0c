import { Button } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useContext, useState } from 'react';
import { body, client, page, type Schemas } from '../api/client';
import { useMay } from '../app/session';
import { Dialog } from '../parts/Dialog';
import { CredentialChoice } from '../parts/CredentialDialog';
import { Choice, Lines, Text } from '../parts/fields';
import { ListTable } from '../parts/ListTable';
import { listQuery } from '../parts/listState';
import { Confirm, Notices, StateLabel, useAction, When } from '../parts/parts';
import { usePlatforms } from '../setup/HostFields';
import { settingsOf } from '../setup/settingsOf';
import { t } from '../strings';
import { CheckResult } from './CheckResult';

type Manager = Schemas['Manager'];
const m = t.managers;

/** Managers of platforms, which know hosts and machines together. */
export function Managers() {
  const queries = useQueryClient();
  const act = useAction();
  const tell = useContext(Notices);
  const may = useMay();
  const mayWrite = may('inventory.platforms');
  const [editing, setEditing] = useState<Manager | 'new'>();
  const [removing, setRemoving] = useState<Manager>();
  const [checked, setChecked] = useState<{ name: string; check: Schemas['Check'] }>();
  const [busy, setBusy] = useState('');
  const test = async (manager: { guid: string; name: string }) => {
    setBusy(manager.guid);
    try {
      setChecked({ name: manager.name, check: await body(client.POST('/api/hypervisor-managers/{guid}/check', { params: { path: { guid: manager.guid } } })) });
    } catch (error) {
      tell({ text: '', error });
    }
    setBusy('');
  };
  const sync = (manager: Manager) => act(() => body(client.POST('/api/tasks/inventory-sync', { params: { header: { 'Idempotency-Key': crypto.randomUUID() } }, body: { hypervisorManager: { guid: manager.guid } } })), t.infrastructure.queued);
  return (
    <>
      {checked && <CheckResult {...checked} />}
      {mayWrite && <div className="vp-about"><Button variant="secondary" onClick={() => setEditing('new')}>{m.add}</Button></div>}
      <ListTable<Manager> label={m.title} name="hypervisor-managers" empty={m.about} read={(state) => page(client.GET('/api/hypervisor-managers', { params: { query: listQuery(state) } }))}
        columns={[
          { label: m.name, sort: 'name', cell: (row) => <>{row.name}{row.url !== row.name && <div><small className="vp-address">{row.url}</small></div>}</> },
          { label: m.type, cell: (row) => row.type.name }, { label: m.machines, cell: (row) => row.vmCount },
          { label: m.state, cell: (row) => <><StateLabel name={row.state.name} />{row.stateInfo && <div><small>{row.stateInfo}</small></div>}<div><small>{m.lastSync}: <When at={row.lastSync} none={t.machines.never} /></small></div></> },
        ]}
        rowActions={(row) => (
          <div className="vp-actions vp-two-rows">
            {mayWrite && <Button variant="secondary" size="sm" isLoading={busy === row.guid} onClick={() => void test(row)}>{t.infrastructure.test}</Button>}
            {may('tasks.inventory') && <Button variant="secondary" size="sm" onClick={() => void sync(row)}>{t.infrastructure.sync}</Button>}
            {mayWrite && <Button variant="secondary" size="sm" aria-label={`${m.edit}: ${row.name}`} onClick={() => setEditing(row)}>{m.edit}</Button>}
            {mayWrite && <Button variant="danger" size="sm" aria-label={`${m.remove}: ${row.name}`} onClick={() => setRemoving(row)}>{m.remove}</Button>}
          </div>
        )} />
      {editing && <ManagerDialog manager={editing === 'new' ? undefined : editing} done={(saved) => void test(saved)} close={() => setEditing(undefined)} />}
      {removing && <Confirm title={m.removeTitle(removing.name)} what={m.removeWhat(removing.vmCount)} action={m.remove} typedName={removing.name} close={() => setRemoving(undefined)} confirm={async () => {
        await body(client.DELETE('/api/hypervisor-managers/{guid}', { params: { path: { guid: removing.guid } } }));
        await Promise.all([queries.invalidateQueries({ queryKey: ['hypervisor-managers'] }), queries.invalidateQueries({ queryKey: ['hypervisors'] })]);
      }} />}
    </>
  );
}

function ManagerDialog({ manager, done, close }: { manager?: Manager; done: (saved: Manager) => void; close: () => void }) {
  const queries = useQueryClient();
  const platforms = usePlatforms();
  const [form, setForm] = useState(() => ({
    name: manager && manager.name !== manager.url ? manager.name : '', url: manager?.url ?? '', type: manager?.type.name ?? '', credential: manager && !manager.user ? manager.credential?.guid ?? '' : '',
    user: manager?.user ?? '', password: '', settings: Object.entries(manager?.settings ?? {}).map(([name, value]) => `${name}=${String(value)}`).join('\n'),
  }));
  const set = (name: keyof typeof form) => (value: string) => setForm({ ...form, [name]: value });
  const type = form.type || platforms[0] || '';
  const submit = async () => {
    const request = {
      name: form.name.trim() || form.url.trim(), url: form.url.trim(), settings: settingsOf(form.settings), ...(!manager && { type: { name: type } }),
      ...(form.credential ? { credential: { guid: form.credential } } : { user: form.user, ...(form.password && { password: form.password }) }),
    } as Schemas['ManagerRequest'];
    const saved = await (manager ? body(client.PUT('/api/hypervisor-managers/{guid}', { params: { path: { guid: manager.guid } }, body: request })) : body(client.POST('/api/hypervisor-managers', { body: request })));
    await queries.invalidateQueries({ queryKey: ['hypervisor-managers'] });
    done(saved);
  };
  return (
    <Dialog title={manager ? `${m.edit}: ${manager.name}` : m.add} about={manager ? undefined : m.about} action={manager ? t.save : t.add} isReady={form.url.trim() !== ''} submit={submit} close={close}>
      {!manager && <Choice id="manager-type" label={m.type} value={type} change={set('type')} options={platforms.map((one) => [one, one])} />}
      <Text id="manager-name" label={m.name} value={form.name} change={set('name')} help={t.plans.setup.hostName} />
      <Text id="manager-url" label={m.url} value={form.url} change={set('url')} help={m.urlHelp} required />
      <CredentialChoice id="manager-credential" label={t.credentials.use} value={form.credential} change={set('credential')} none={t.credentials.own} />
      {!form.credential && <Text id="manager-user" label={t.infrastructure.user} value={form.user} change={set('user')} />}
      {!form.credential && <Text id="manager-password" label={t.infrastructure.password} value={form.password} change={set('password')} secret help={manager ? t.credentials.secretStays : undefined} />}
      <Lines id="manager-settings" label={t.plans.setup.settings} value={form.settings} change={set('settings')} help={t.plans.setup.settingsHelp} />
    </Dialog>
  );
}
