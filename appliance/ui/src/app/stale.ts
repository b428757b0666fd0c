/** Event → first members of the query keys that it makes stale. */
export function staleBy(event: string): string[] {
  switch (event) {
    case 'task-log': return ['task-log'];
    case 'tasks': return ['tasks', 'task-log', 'recovery-plans'];
    case 'backups': return ['backups', 'virtual-machines', 'dashboard'];
    case 'virtual-machines':
    case 'backup-destinations':
    case 'policies':
    case 'schedules': return [event, 'dashboard'];
    default: return [event];
  }
}
