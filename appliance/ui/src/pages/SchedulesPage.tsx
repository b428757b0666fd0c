import { Button, Tab, Tabs, TabTitleText } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { body, client, page, type Schemas } from '../api/client';
import { useMay } from '../app/session';
import { time } from '../format/format';
import { ListTable } from '../parts/ListTable';
import { listQuery } from '../parts/listState';
import { Confirm, PageFrame, When } from '../parts/parts';
import { RunCalendar } from '../schedule/RunCalendar';
import { ScheduleDialog } from '../schedule/ScheduleDialog';
import { whenOf } from '../schedule/whenOf';
import { t } from '../strings';

type Schedule = Schemas['Schedule'];
const s = t.plans.schedules;

export default function SchedulesPage() {
  const queries = useQueryClient();
  const mayWrite = useMay()('policies.write');
  const [params, setParams] = useSearchParams();
  const [editing, setEditing] = useState<Schedule | 'new'>();
  const [deleting, setDeleting] = useState<Schedule>();
  const tab = params.get('tab') ?? 'list';
  const list = (
    <ListTable<Schedule> label={s.title} name="schedules" empty={t.empty.schedules} read={(state) => page(client.GET('/api/schedules', { params: { query: listQuery(state) } }))}
      columns={[
        { label: s.name, sort: 'name', cell: (row) => row.name }, { label: s.active, cell: (row) => row.active ? t.yes : t.no }, { label: s.type, cell: (row) => s.types[row.type.name] }, { label: s.when, cell: (row) => whenOf(row) },
        { label: s.starts, cell: (row) => row.policies.length === 0 ? s.unused : row.policies.map((policy) => <div key={policy.guid}><Link to={`/policies/${row.type.name === 'VM_SNAPSHOT' ? 'vm-snapshot' : 'vm-backup'}/${policy.guid}`}>{policy.name}</Link></div>) },
        { label: s.next, cell: (row) => row.nextRuns.length > 0 ? <span title={time(row.nextRuns[0])}><When at={row.nextRuns[0]} /></span> : '–' }, { label: s.last, cell: (row) => <When at={row.lastRun} /> },
      ]}
      rowActions={(row) => mayWrite && (
        <>
          <Button variant="secondary" size="sm" aria-label={`${s.edit}: ${row.name}`} onClick={() => setEditing(row)}>{s.edit}</Button>
          <Button variant="danger" size="sm" aria-label={`${s.delete}: ${row.name}`} onClick={() => setDeleting(row)}>{s.delete}</Button>
        </>
      )} />
  );
  return (
    <PageFrame title={s.title} actions={mayWrite && <Button onClick={() => setEditing('new')}>{s.add}</Button>}>
      <Tabs activeKey={tab} onSelect={(_, key) => setParams({ tab: String(key) }, { replace: true })} aria-label={s.title}>
        <Tab eventKey="list" title={<TabTitleText>{s.list}</TabTitleText>}>{tab === 'list' && list}</Tab>
        <Tab eventKey="calendar" title={<TabTitleText>{s.calendar}</TabTitleText>}>{tab === 'calendar' && <div className="vp-tab"><RunCalendar /></div>}</Tab>
      </Tabs>
      {editing && <ScheduleDialog schedule={editing === 'new' ? undefined : editing} close={() => setEditing(undefined)} />}
      {deleting && <Confirm title={s.deleteTitle(deleting.name)} what={s.deleteWhat} action={s.delete} close={() => setDeleting(undefined)} confirm={async () => {
        await body(client.DELETE('/api/schedules/{guid}', { params: { path: { guid: deleting.guid } } }));
        await queries.invalidateQueries({ queryKey: ['schedules'] });
      }} />}
    </PageFrame>
  );
}
