import { t } from '../strings';

/** What its form calls a field that the API names: settings.workPath, rules[0].name. */
export function fieldName(field: string): string {
  return t.fields[field.replaceAll(/\[\d+\]/g, '').split('.').at(-1)!] ?? field;
}

/** A refusal that begins with the field that it is about, with what its form calls that. */
export const named = (message: string) => message.replace(/^([a-z][A-Za-z]*(?:(?:\[\d+\])?\.[a-z][A-Za-z]*)*(?:\[\d+\])?): /, (_, field: string) => `${fieldName(field)}: `);
