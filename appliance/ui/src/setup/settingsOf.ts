/** Lines of "name=value" as a connector's settings have them. */
export const settingsOf = (lines: string): Record<string, string> => Object.fromEntries(lines.split('\n').map((line) => line.trim()).filter((line) => line !== '').map((line) => {
  const at = line.indexOf('=');
  return at < 0 ? [line, ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
}));
