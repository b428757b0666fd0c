/** Rows as RFC 4180 has them. What a spreadsheet would take for a formula is text. */
export const csv = (rows: (string | number)[][]) => rows.map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n';

function cell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
