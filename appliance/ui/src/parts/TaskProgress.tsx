import { Progress } from '@patternfly/react-core';
import type { Schemas } from '../api/client';
import { duration, rate, size } from '../format/format';
import { t } from '../strings';
import { StateLabel, words } from './parts';

export type Task = Schemas['Task'];

/** What a task does, as an administrator calls it. */
export const kindName = (kind: string) => t.tasks.kinds[kind] ?? words(kind);
export const taskName = (task: Task) => `${kindName(task.type.name)}${task.protectedEntity?.name ? ` · ${task.protectedEntity.name}` : ''}`;

/** State of a task; while it runs, how far it is, how fast, and how long it will take. */
export function TaskProgress({ task }: { task: Task }) {
  if (task.state.name !== 'RUNNING') return <StateLabel name={task.state.name} />;
  const parts = [task.cancelRequested ? t.tasks.cancelling : task.stage && words(task.stage), task.bytesTotal ? `${size(task.bytesDone)} / ${size(task.bytesTotal)}` : null, task.rate > 0 ? rate(task.rate) : null, task.etaMs != null ? t.tasks.left(duration(task.etaMs)) : null];
  return (
    <div className="vp-task">
      <Progress value={task.progress} size="sm" aria-label={t.tasks.progressOf(taskName(task))} />
      <small>{parts.filter(Boolean).join(' · ')}</small>
    </div>
  );
}
