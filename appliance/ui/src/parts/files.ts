// Files of mounted backups: their order, where they are, and how they come to the person.
import { body, client, type Schemas } from '../api/client';
import type { Order } from './LongTable';

export type Entry = Schemas['MountedEntry'];

/** The server takes no more in one request. */
export const downloadMax = 1000;
const addressMax = 6000;

/** Folders first, then as asked; names decide between equals. */
export function inOrder(entries: Entry[], { by, direction }: Order): Entry[] {
  const sign = direction === 'desc' ? -1 : 1;
  const names = (a: Entry, b: Entry) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
  return [...entries].sort((a, b) => {
    const folders = Number(b.type === 'DIRECTORY') - Number(a.type === 'DIRECTORY');
    if (folders !== 0) return folders;
    const own = by === 'size' ? a.size - b.size : by === 'time' ? a.lastModified - b.lastModified : names(a, b);
    return own !== 0 ? own * sign : names(a, b);
  });
}

/** A path's folders from the root: name and path of each. */
export function steps(path: string): { name: string; path: string }[] {
  const names = path.split('/').filter((name) => name !== '');
  return names.map((name, index) => ({ name, path: `/${names.slice(0, index + 1).join('/')}` }));
}

const at = (volume: string, what: string, paths: string[], format?: string) =>
  `/api/mounted-file-systems/${volume}/${what}?${[...(format ? [`format=${format}`] : []), ...paths.map((path) => `path=${encodeURIComponent(path)}`)].join('&')}`;

/** Address of a file's content. */
export const contentAddress = (volume: string, path: string) => at(volume, 'content', [path]);

export type ArchiveFormat = 'zip' | 'tar.zst';

/** Hands what was chosen to the browser: a file as it is, several and folders as an archive. */
export async function download(volume: string, chosen: Entry[], format: ArchiveFormat) {
  const paths = chosen.map((entry) => entry.path);
  const address = chosen.length === 1 && chosen[0].type === 'FILE' ? contentAddress(volume, paths[0]) : at(volume, 'archive', paths, format);
  if (address.length <= addressMax) {
    save(address, '');
    return;
  }
  // Too many names for an address: the browser keeps what comes until it is whole.
  const blob = await body(client.POST('/api/mounted-file-systems/{guid}/download', { params: { path: { guid: volume }, query: { format } }, body: { paths }, parseAs: 'blob' })) as unknown as Blob;
  const held = URL.createObjectURL(blob);
  save(held, `files.${format}`);
  window.setTimeout(() => URL.revokeObjectURL(held), 60_000);
}

function save(address: string, name: string) {
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}
