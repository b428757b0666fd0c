import { Button } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useContext, useState } from 'react';
import { body, client, page, type Schemas } from '../api/client';
import { PageTabs } from '../access/PageTabs';
import { useMay } from '../app/session';
import { CheckResult } from '../infrastructure/CheckResult';
import { Credentials } from '../infrastructure/Credentials';
import { Managers } from '../infrastructure/Managers';
import { Dialog } from '../parts/Dialog';
import { ListTable } from '../parts/ListTable';
import { listQuery } from '../parts/listState';
import { Confirm, Notices, PageFrame, StateLabel, useAction, When } from '../parts/parts';
import { HostFields, useHostForm } from '../setup/HostFields';
import { syncInventory } from '../parts/work';
import { t } from '../strings';

type Hypervisor = Schemas['Hypervisor'];

/** Hosts, the managers that know them, and what both are logged in to with. */
export default function InfrastructurePage() {
  return (
    <PageFrame title={t.infrastructure.title}>
      <PageTabs label={t.infrastructure.title} tabs={[['hosts', t.managers.hosts, <Hosts />], ['managers', t.managers.title, <Managers />], ['credentials', t.credentials.title, <Credentials />]]} />
    </PageFrame>
  );
}

function Hosts() {
  const queries = useQueryClient();
  const act = useAction();
  const tell = useContext(Notices);
  const may = useMay();
  const mayWrite = may('inventory.platforms');
  const [editing, setEditing] = useState<Hypervisor>();
  const [deleting, setDeleting] = useState<Hypervisor>();
  const [adding, setAdding] = useState(false);
  const [checked, setChecked] = useState<{ name: string; check: Schemas['Check'] }>();
  const [busy, setBusy] = useState('');
  const test = async (host: { guid: string; name: string }) => {
    setBusy(host.guid);
    try {
      setChecked({ name: host.name, check: await body(client.POST('/api/hypervisors/{guid}/check', { params: { path: { guid: host.guid } } })) });
    } catch (error) {
      tell({ text: '', error });
    }
    setBusy('');
  };
  return (
    <>
      {mayWrite && <div className="vp-about"><Button onClick={() => setAdding(true)}>{t.infrastructure.add}</Button></div>}
      {checked && <CheckResult {...checked} />}
      <ListTable<Hypervisor> label={t.infrastructure.title} name="hypervisors" empty={t.empty.hosts} read={(state) => page(client.GET('/api/hypervisors', { params: { query: listQuery(state) } }))}
        columns={[
          { label: t.infrastructure.name, sort: 'name', cell: (row) => <>{row.name}{row.hvManager && <div><small>{t.managers.of(row.hvManager.name ?? '')}</small></div>}{row.host !== row.name && <div><small className="vp-address">{row.host}</small></div>}</> },
          { label: t.infrastructure.type, cell: (row) => row.type.name }, { label: t.infrastructure.machines, cell: (row) => row.vmCount },
          { label: t.infrastructure.state, cell: (row) => <><StateLabel name={row.state.name} />{row.stateInfo && <div><small>{row.stateInfo}</small></div>}{row.lastSeen && <div><small>{t.infrastructure.lastSeen}: <When at={row.lastSeen} /></small></div>}</> },
        ]}
        rowActions={(row) => (
          <div className="vp-actions vp-two-rows">
            {mayWrite && <Button variant="secondary" size="sm" isLoading={busy === row.guid} onClick={() => void test(row)}>{t.infrastructure.test}</Button>}
            {may('tasks.inventory') && <Button variant="secondary" size="sm" onClick={() => void act(() => syncInventory(row.guid), t.infrastructure.queued)}>{t.infrastructure.sync}</Button>}
            {mayWrite && !row.hvManager && <Button variant="secondary" size="sm" aria-label={`${t.infrastructure.edit}: ${row.name}`} onClick={() => setEditing(row)}>{t.infrastructure.edit}</Button>}
            {mayWrite && !(row.hvManager && row.present) && <Button variant="danger" size="sm" aria-label={`${t.infrastructure.remove}: ${row.name}`} onClick={() => setDeleting(row)}>{t.infrastructure.remove}</Button>}
          </div>
        )} />
      {adding && <HostDialog done={(host) => void test(host)} close={() => setAdding(false)} />}
      {editing && <HostDialog host={editing} done={(host) => void test(host)} close={() => setEditing(undefined)} />}
      {deleting && <Confirm title={t.infrastructure.removeTitle(deleting.name)} what={t.infrastructure.removeWhat(deleting.vmCount)} action={t.infrastructure.remove} close={() => setDeleting(undefined)} confirm={async () => {
        await body(client.DELETE('/api/hypervisors/{guid}', { params: { path: { guid: deleting.guid } } }));
        await queries.invalidateQueries({ queryKey: ['hypervisors'] });
      }} />}
    </>
  );
}

function HostDialog({ host, done, close }: { host?: Hypervisor; done: (host: { guid: string; name: string }) => void; close: () => void }) {
  const queries = useQueryClient();
  const form = useHostForm(host);
  return (
    <Dialog title={host ? `${t.infrastructure.edit}: ${host.name}` : t.infrastructure.add} action={host ? t.save : t.add} isReady={form.isReady} close={close} submit={async () => {
      const saved = await (host ? body(client.PUT('/api/hypervisors/{guid}', { params: { path: { guid: host.guid } }, body: form.request })) : body(client.POST('/api/hypervisors', { body: form.request })));
      await queries.invalidateQueries({ queryKey: ['hypervisors'] });
      done(saved);
    }}>
      <HostFields id="dialog" host={form} isNamed />
    </Dialog>
  );
}
