import { Button, ToggleGroup, ToggleGroupItem } from '@patternfly/react-core';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { client, page, type Schemas } from '../api/client';
import { useMay } from '../app/session';
import { duration } from '../format/format';
import { ListTable } from '../parts/ListTable';
import { listQuery } from '../parts/listState';
import { Owner, PageFrame } from '../parts/parts';
import type { Kind } from '../parts/policyForm';
import { t } from '../strings';

const p = t.plans.policy;

export default function PoliciesPage() {
  const navigate = useNavigate();
  const [params] = useSearchParams();
  const mayWrite = useMay()('policies.write');
  const kind: Kind = params.get('kind') === 'vm-snapshot' ? 'vm-snapshot' : 'vm-backup';
  const path = kind === 'vm-backup' ? '/api/policies/vm-backup' as const : '/api/policies/vm-snapshot' as const;
  return (
    <PageFrame title={t.policies.title} actions={mayWrite && <Button onClick={() => void navigate(`/policies/${kind}/new`)}>{kind === 'vm-backup' ? p.addBackup : p.addSnapshot}</Button>}>
      <ListTable<Schemas['Policy']> key={kind} label={kind === 'vm-backup' ? p.backup : p.snapshot} name="policies" empty={t.empty.policies} read={({ extra, ...state }) => page(client.GET(extra.kind === 'vm-snapshot' ? '/api/policies/vm-snapshot' : path, { params: { query: listQuery({ ...state, extra }) } }))}
        filters={(_, change) => (
          <ToggleGroup aria-label={p.kind}>
            <ToggleGroupItem text={p.backup} isSelected={kind === 'vm-backup'} onChange={() => change({ extra: {} })} />
            <ToggleGroupItem text={p.snapshot} isSelected={kind === 'vm-snapshot'} onChange={() => change({ extra: { kind: 'vm-snapshot' } })} />
          </ToggleGroup>
        )}
        columns={[
          { label: t.policies.name, sort: 'name', cell: (row) => <><Link to={`/policies/${kind}/${row.guid}`}>{row.name}</Link><Owner of={row.appliance} /></> }, { label: t.policies.active, cell: (row) => row.active ? t.yes : t.no },
          { label: t.policies.machines, cell: (row) => row.vms.length }, { label: t.policies.rules, cell: (row) => row.rules.map((rule) => rule.name).join(', ') || '–' },
          { label: t.policies.rpo, cell: (row) => row.rpo ? duration(row.rpo) : t.policies.bySchedules }, { label: t.policies.priority, cell: (row) => row.priority },
        ]} />
    </PageFrame>
  );
}
