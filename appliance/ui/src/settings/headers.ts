/** "Name: value" on each line, as an object; the number of the first line that is none otherwise. */
export function headersOf(text: string): Record<string, string> | number {
  const headers: Record<string, string> = {};
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const [, name, value] = /^\s*([^\s:]+)\s*:\s*(\S.*?)\s*$/.exec(line) ?? [];
    if (!name) return index + 1;
    headers[name] = value;
  }
  return headers;
}
