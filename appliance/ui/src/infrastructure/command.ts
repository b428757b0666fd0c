/** What a command to join says: `vprotect appliance join --at HOST:PORT --token TOKEN`, or a token alone. */
export function commandOf(text: string): { server: string; token: string } {
  const words = text.trim().split(/\s+/);
  const after = (option: string) => words[words.indexOf(option) + 1] ?? '';
  if (words.length === 1) return { server: '', token: words[0] };
  return { server: words.includes('--at') ? after('--at') : '', token: words.includes('--token') ? after('--token') : '' };
}
