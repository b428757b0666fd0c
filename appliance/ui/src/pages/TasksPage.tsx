import { Button, FormSelect, FormSelectOption } from '@patternfly/react-core';
import { useState } from 'react';
import { Link } from 'react-router';
import { useMay } from '../app/session';
import { client, page } from '../api/client';
import { duration } from '../format/format';
import { ListTable } from '../parts/ListTable';
import { listQuery } from '../parts/listState';
import { PageFrame, useAction, When, words } from '../parts/parts';
import { kindName, type Task, TaskProgress } from '../parts/TaskProgress';
import { CancelTask } from '../parts/CancelTask';
import { retryOf } from '../parts/work';
import { t } from '../strings';

const states = ['QUEUED', 'RUNNING', 'FINISHED', 'FAILED', 'CANCELLED'];

export default function TasksPage() {
  return <PageFrame title={t.tasks.title}><TaskList /></PageFrame>;
}

/** Tasks, newest first: all, or a machine's. */
export function TaskList({ machine }: { machine?: string }) {
  const act = useAction();
  const may = useMay();
  const [cancelling, setCancelling] = useState<Task>();
  return (
    <>
      <ListTable<Task> label={t.tasks.title} name="tasks" empty={t.empty.tasks} filterable={false}
        read={(state) => page(client.GET('/api/tasks', { params: { query: { ...listQuery(state), ...(state.extra.state && { state: [state.extra.state] }), ...(machine && { protectedEntity: machine }) } } }))}
        filters={(state, change) => (
          <FormSelect aria-label={t.tasks.state} value={state.extra.state ?? ''} onChange={(_, value) => change({ extra: value ? { state: value } : {} })}>
            <FormSelectOption value="" label={t.tasks.anyState} />
            {states.map((name) => <FormSelectOption key={name} value={name} label={words(name)} />)}
          </FormSelect>
        )}
        columns={[
          { label: t.tasks.type, sort: 'type', cell: (row) => <Link to={`/tasks/${row.guid}`}>{kindName(row.type.name)}</Link> },
          { label: t.tasks.machine, cell: (row) => row.protectedEntity ? <Link to={`/machines/${row.protectedEntity.guid}`}>{row.protectedEntity.name}</Link> : row.hypervisor?.name ?? '–' },
          { label: t.tasks.state, sort: 'state', cell: (row) => <><TaskProgress task={row} />{row.state.name === 'FAILED' && <div><small>{row.statusInfo}</small></div>}{row.waitsFor && <div><small>{row.waitsFor}</small></div>}</> },
          { label: t.tasks.created, sort: 'created', cell: (row) => <When at={row.created} /> },
          { label: t.tasks.duration, cell: (row) => row.started && row.finished ? duration(row.finished - row.started) : '–' },
        ]}
        rowActions={(row) => {
          const again = retryOf(row, may);
          return (
            <>
              {may('tasks.manage') && ['QUEUED', 'RUNNING'].includes(row.state.name) && !row.cancelRequested && <Button variant="secondary" size="sm" onClick={() => setCancelling(row)}>{t.cancel}</Button>}
              {again && <Button variant="secondary" size="sm" onClick={() => void act(again, t.tasks.retryQueued)}>{t.retry}</Button>}
            </>
          );
        }} />
      {cancelling && <CancelTask task={cancelling} close={() => setCancelling(undefined)} />}
    </>
  );
}
