import { t } from '../strings';
import { Confirm } from './parts';
import { type Task, taskName } from './TaskProgress';
import { cancelTask } from './work';

export const CancelTask = ({ task, close }: { task: Task; close: () => void }) => (
  <Confirm title={t.tasks.cancelTitle(taskName(task))} what={t.tasks.cancelWhat} action={t.tasks.cancelTask} dismiss={t.tasks.keep} confirm={() => cancelTask(task.guid)} close={close} />
);
