import { Alert, Button } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useParams } from 'react-router';
import { useMay } from '../app/session';
import { body, client } from '../api/client';
import { duration, rate, size, time } from '../format/format';
import { CancelTask } from '../parts/CancelTask';
import { Facts } from '../parts/Facts';
import { Failure, Loading, PageFrame, useAction, words } from '../parts/parts';
import { TaskLog } from '../parts/TaskLog';
import { type Task, taskName, TaskProgress } from '../parts/TaskProgress';
import { retryOf } from '../parts/work';
import { t } from '../strings';

/** What a finished backup read and stored, and why a disk was read whole. */
function readOf({ backupType, result, started, finished }: Task): [string, string][] {
  const { disks } = (result ?? {}) as { disks?: { readBytes: number; storedBytes: number; reason?: string | null }[] };
  if (!backupType || !disks) return [];
  const read = disks.reduce((sum, disk) => sum + disk.readBytes, 0);
  const ms = (finished ?? 0) - (started ?? 0);
  const reasons = [...new Set(disks.map((disk) => disk.reason).filter(Boolean))].join(' ');
  return [
    [t.tasks.backupType, words(backupType.name)], [t.tasks.read, ms > 0 ? t.tasks.readAt(size(read), rate((read * 1000) / ms)) : size(read)],
    [t.tasks.stored, size(disks.reduce((sum, disk) => sum + disk.storedBytes, 0))], ...(reasons ? [[t.tasks.readWhole, reasons] as [string, string]] : []),
  ];
}

export default function TaskPage() {
  const guid = useParams().guid!;
  const act = useAction();
  const may = useMay();
  const [cancelling, setCancelling] = useState(false);
  const found = useQuery({ queryKey: ['tasks', guid], queryFn: () => body(client.GET('/api/tasks/{guid}', { params: { path: { guid } } })) });
  if (found.isPending) return <Loading />;
  if (found.isError) return <PageFrame title={t.tasks.title}><Failure error={found.error} retry={() => void found.refetch()} /></PageFrame>;
  const task = found.data;
  const again = retryOf(task, may);
  return (
    <PageFrame title={taskName(task)} actions={(
      <>
        {may('tasks.manage') && ['QUEUED', 'RUNNING'].includes(task.state.name) && !task.cancelRequested && <Button variant="secondary" onClick={() => setCancelling(true)}>{t.tasks.cancelTask}</Button>}
        {again && <Button variant="secondary" onClick={() => void act(again, t.tasks.retryQueued)}>{t.retry}</Button>}
      </>
    )}>
      {task.state.name === 'FAILED' && <Alert component="p" variant="danger" isInline title={task.statusInfo ?? ''}>{task.guidance && <p>{t.tasks.whatNow}: {task.guidance}</p>}</Alert>}
      {task.waitsFor && <Alert component="p" variant="warning" isInline title={t.tasks.waits}><p>{task.waitsFor}</p></Alert>}
      <Facts facts={[
        [t.tasks.state, <TaskProgress task={task} />],
        [t.tasks.machine, task.protectedEntity && <Link to={`/machines/${task.protectedEntity.guid}`}>{task.protectedEntity.name}</Link>],
        [t.tasks.destination, task.backupDestination?.name], [t.tasks.node, task.node?.name], [t.tasks.policy, task.policy?.name],
        [t.tasks.created, time(task.created)], [t.tasks.started, time(task.started)], [t.tasks.finished, time(task.finished)],
        [t.tasks.duration, task.started && task.finished ? duration(task.finished - task.started) : '–'],
        ...readOf(task),
        ...(task.statusInfo && task.state.name !== 'FAILED' ? [[t.tasks.result, task.statusInfo] as [string, string]] : []),
        [t.tasks.attempt, `${task.attempt} / ${task.maxAttempts}`], [t.tasks.warnings, String(task.warnings)],
      ]} />
      <TaskLog task={guid} />
      {cancelling && <CancelTask task={task} close={() => setCancelling(false)} />}
    </PageFrame>
  );
}
