import { Alert, Button } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useContext, useState } from 'react';
import { body, client, page, type Schemas } from '../api/client';
import { FormDialog } from '../parts/FormDialog';
import { ListTable } from '../parts/ListTable';
import { listQuery } from '../parts/listState';
import { Notices, PageFrame, StateLabel, useAction, When } from '../parts/parts';
import { syncInventory } from '../parts/work';
import { t } from '../strings';

type Hypervisor = Schemas['Hypervisor'];

export default function InfrastructurePage() {
  const queries = useQueryClient();
  const act = useAction();
  const tell = useContext(Notices);
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
    <PageFrame title={t.infrastructure.title} actions={<Button onClick={() => setAdding(true)}>{t.infrastructure.add}</Button>}>
      {checked && (
        <Alert component="p" isInline variant={checked.check.usable ? 'success' : 'danger'} title={`${checked.name}: ${checked.check.usable ? t.infrastructure.usable : t.infrastructure.notUsable}`}>
          {checked.check.product && <p>{checked.check.product}</p>}
          {checked.check.findings.map((finding) => <p key={finding}>{finding}</p>)}
        </Alert>
      )}
      <ListTable<Hypervisor> label={t.infrastructure.title} name="hypervisors" read={(state) => page(client.GET('/api/hypervisors', { params: { query: listQuery(state) } }))}
        columns={[
          { label: t.infrastructure.name, sort: 'name', cell: (row) => row.name }, { label: t.infrastructure.address, cell: (row) => <span className="vp-address">{row.host}</span> },
          { label: t.infrastructure.type, cell: (row) => row.type.name }, { label: t.infrastructure.machines, cell: (row) => row.vmCount },
          { label: t.infrastructure.state, cell: (row) => <><StateLabel name={row.state.name} />{row.stateInfo && <div><small>{row.stateInfo}</small></div>}</> },
          { label: t.infrastructure.lastSeen, cell: (row) => <When at={row.lastSeen} /> },
        ]}
        rowActions={(row) => (
          <>
            <Button variant="secondary" size="sm" isLoading={busy === row.guid} onClick={() => void test(row)}>{t.infrastructure.test}</Button>
            <Button variant="secondary" size="sm" onClick={() => void act(() => syncInventory(row.guid), t.infrastructure.queued)}>{t.infrastructure.sync}</Button>
          </>
        )} />
      {adding && (
        <FormDialog title={t.infrastructure.add} action={t.add} close={() => setAdding(false)}
          fields={[
            { name: 'name', label: t.infrastructure.name }, { name: 'type', label: t.infrastructure.type, value: 'KVM', required: true }, { name: 'host', label: `${t.infrastructure.address} (${t.infrastructure.addressHelp})`, required: true },
            { name: 'user', label: t.infrastructure.user }, { name: 'password', label: t.infrastructure.password, secret: true }, { name: 'sshKeyPath', label: t.infrastructure.sshKey },
          ]}
          submit={async (values) => {
            const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));
            const added = await body(client.POST('/api/hypervisors', { body: given as Schemas['HypervisorRequest'] }));
            await queries.invalidateQueries({ queryKey: ['hypervisors'] });
            void test(added);
          }} />
      )}
    </PageFrame>
  );
}
