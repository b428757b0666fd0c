import { Alert } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { body, client, type Schemas } from '../api/client';
import { useAction } from '../parts/parts';
import { taskName, TaskProgress } from '../parts/TaskProgress';
import { t } from '../strings';
import { StepForm } from './StepForm';

const s = t.plans.setup;
const shown = 20;

/** Asks for the first backups and shows how far they are, until one is there. */
export function RunStep({ policy }: { policy: Schemas['Policy'] }) {
  const act = useAction();
  const tasks = useQuery({ queryKey: ['tasks', 'first'], queryFn: () => body(client.GET('/api/tasks', { params: { query: { page: 0, size: shown, type: ['EXPORT', 'STORE'], orderBy: 'created', direction: 'desc' } } })) });
  const all = tasks.data ?? [];
  const isRunning = all.some((task) => ['QUEUED', 'RUNNING'].includes(task.state.name));
  return (
    <StepForm action={s.runNow} isReady={!isRunning} act={() => act(() => body(client.POST('/api/tasks/export', {
      params: { header: { 'Idempotency-Key': crypto.randomUUID() } }, body: { protectedEntities: policy.vms.map(({ guid }) => ({ guid })), backupType: 'FULL', rules: policy.rules.slice(0, 1).map(({ guid }) => ({ guid })) },
    })), s.runQueued)}>
      <p>{s.runWhat(policy.vms.length)}</p>
      {!isRunning && all.some((task) => task.state.name === 'FAILED') && <Alert isInline component="p" variant="warning" title={s.failed} />}
      <ul className="vp-list">{all.map((task) => <li key={task.guid}><Link to={`/tasks/${task.guid}`}>{taskName(task)}</Link><TaskProgress task={task} />{task.state.name === 'FAILED' && <small>{task.statusInfo}</small>}</li>)}</ul>
    </StepForm>
  );
}
