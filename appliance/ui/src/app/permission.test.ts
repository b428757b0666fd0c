import { expect, it } from 'vitest';
import { includes } from './permission';

it.each([
  ['*', 'tasks.backup', true], ['tasks.write', 'tasks.backup', true], ['tasks.write', 'tasks.read', false], ['tasks.write', 'backups.read', false],
  ['backups.write', 'backups.files', false], ['backups.files', 'backups.files', true], ['tasks.backup', 'tasks.write', false],
])('who holds %s may %s: %s', (held, asked, is) => expect(includes(held, asked)).toBe(is));
