/** Whether who holds a permission may do what needs another; as `Permissions.Includes` of the server has it. */
export function includes(held: string, asked: string): boolean {
  if (held === asked || held === '*') return true;
  const dot = asked.indexOf('.');
  return dot > 0 && held === `${asked.slice(0, dot)}.write` && !asked.endsWith('.read') && asked !== 'backups.files';
}
