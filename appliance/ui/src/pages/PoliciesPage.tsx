import { Button } from '@patternfly/react-core';
import { useState } from 'react';
import { client, page, type Schemas } from '../api/client';
import { duration } from '../format/format';
import { ListTable } from '../parts/ListTable';
import { listQuery } from '../parts/listState';
import { PageFrame } from '../parts/parts';
import { PolicyDialog } from '../parts/PolicyDialog';
import { t } from '../strings';

export default function PoliciesPage() {
  const [adding, setAdding] = useState(false);
  return (
    <PageFrame title={t.policies.title} actions={<Button onClick={() => setAdding(true)}>{t.policies.add}</Button>}>
      <ListTable<Schemas['Policy']> label={t.policies.title} name="policies" read={(state) => page(client.GET('/api/policies/vm-backup', { params: { query: listQuery(state) } }))}
        columns={[
          { label: t.policies.name, sort: 'name', cell: (row) => row.name }, { label: t.policies.active, cell: (row) => row.active ? t.yes : t.no },
          { label: t.policies.machines, cell: (row) => row.vms.length }, { label: t.policies.rules, cell: (row) => row.rules.map((rule) => rule.name).join(', ') || '–' },
          { label: t.policies.rpo, cell: (row) => row.rpo ? duration(row.rpo) : t.policies.bySchedules }, { label: t.policies.priority, cell: (row) => row.priority },
        ]} />
      {adding && <PolicyDialog close={() => setAdding(false)} />}
    </PageFrame>
  );
}
