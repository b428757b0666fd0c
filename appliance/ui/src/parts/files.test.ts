import { expect, it } from 'vitest';
import { contentAddress, type Entry, inOrder, steps } from './files';

const entry = (path: string, type: string, size: number, lastModified: number) => ({ path, name: path.slice(1), type, size, lastModified }) as Entry;
const entries = [entry('/b', 'FILE', 2, 10), entry('/a', 'FILE', 2, 30), entry('/z', 'DIRECTORY', 0, 20), entry('/c', 'FILE', 1, 20)];
const paths = (by: string, direction: 'asc' | 'desc') => inOrder(entries, { by, direction }).map((one) => one.path).join('');

it('keeps folders first in every order', () => {
  expect(paths('name', 'asc')).toBe('/z/a/b/c');
  expect(paths('name', 'desc')).toBe('/z/c/b/a');
  expect(paths('size', 'desc')).toBe('/z/a/b/c');
  expect(paths('time', 'asc')).toBe('/z/b/c/a');
});

it('tells the folders of a path', () => {
  expect(steps('/')).toEqual([]);
  expect(steps('/home/ada')).toEqual([{ name: 'home', path: '/home' }, { name: 'ada', path: '/home/ada' }]);
});

it('writes any name into an address', () => expect(contentAddress('g', '/a&b=c #%')).toBe('/api/mounted-file-systems/g/content?path=%2Fa%26b%3Dc%20%23%25'));
