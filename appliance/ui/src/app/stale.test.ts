import { expect, it } from 'vitest';
import { staleBy } from './stale';

it('reads of what changed what shows it', () => {
  expect(staleBy('tasks')).toEqual(['tasks', 'task-log', 'recovery-plans']);
  expect(staleBy('backups')).toContain('dashboard');
  expect(staleBy('nodes')).toEqual(['nodes']);
});
