import { expect, it } from 'vitest';
import { fieldName, named } from './fieldName';

it('calls fields as forms do', () => {
  expect(fieldName('settings.workPath')).toBe('Directory for temporary work');
  expect(fieldName('rules[3].name')).toBe('Name');
});

it('leaves what no form has as it is', () => {
  expect(fieldName('ruleBackupDestinations.position')).toBe('ruleBackupDestinations.position');
  expect(named('unheardOf: no.')).toBe('unheardOf: no.');
});

it('knows the field that a refusal begins with', () => {
  expect(named("allowedClients: 'x' is no network.")).toBe("Who may connect: 'x' is no network.");
  expect(named('https://127.0.0.1:9: It cannot be used.')).toBe('https://127.0.0.1:9: It cannot be used.');
});
