import { Alert, Breadcrumb, BreadcrumbItem, Button, EmptyState, FormSelect, FormSelectOption, SearchInput, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useMemo, useState } from 'react';
import { Link, useParams, useSearchParams } from 'react-router';
import { body, client, type Named, type Schemas } from '../api/client';
import { useMay } from '../app/session';
import { size, time } from '../format/format';
import { Dialog } from '../parts/Dialog';
import { Text } from '../parts/fields';
import { type ArchiveFormat, contentAddress, download, downloadMax, type Entry, inOrder, steps } from '../parts/files';
import { type LongColumn, LongTable, type Order } from '../parts/LongTable';
import { Failure, Loading, PageFrame, useAction } from '../parts/parts';
import { RestoreFilesDialog } from '../parts/RestoreFilesDialog';
import { t } from '../strings';

type Volume = Schemas['MountedFileSystem'];
const nameOf = (volume: Volume) => [volume.name, volume.mountPath !== volume.name && volume.mountPath, volume.type, size(volume.size), volume.locked && t.files.locked].filter(Boolean).join(' · ');

/** The files of a mounted backup. Which volume and folder is in the address. */
export default function FilesPage() {
  const guid = useParams().guid!;
  const [params, setParams] = useSearchParams();
  const mount = useQuery({ queryKey: ['mounted-backups', guid], queryFn: () => body(client.GET('/api/mounted-backups/{guid}', { params: { path: { guid } } })) });
  const volumes = useQuery({ queryKey: ['mounted-file-systems', guid], queryFn: () => body(client.GET('/api/mounted-file-systems/detailed', { params: { query: { 'mounted-backup': guid } } })), staleTime: Infinity });
  const found = volumes.data ?? [];
  const volume = found.find((one) => one.guid === params.get('volume')) ?? found.filter((one) => one.browsable).sort((a, b) => b.size - a.size)[0] ?? found[0];
  return (
    <PageFrame title={t.files.title(mount.data?.protectedEntity?.name ?? '')} actions={<Link to="/mounts">{t.mounts.title}</Link>}>
      {mount.isError && <Failure error={mount.error} retry={() => void mount.refetch()} />}
      {volumes.isError && <Failure error={volumes.error} retry={() => void volumes.refetch()} />}
      {volumes.isFetching && <><Loading /><p className="vp-centre">{t.files.looking}</p></>}
      {volumes.data && !volumes.isFetching && found.length === 0 && <EmptyState titleText={t.files.noVolumes} headingLevel="h2" />}
      {volume && !volumes.isFetching && (
        <>
          <Toolbar>
            <ToolbarContent>
              <ToolbarItem>
                <FormSelect aria-label={t.files.volume} value={volume.guid} onChange={(_, value) => setParams({ volume: value })}>
                  {found.map((one) => <FormSelectOption key={one.guid} value={one.guid} label={nameOf(one)} />)}
                </FormSelect>
              </ToolbarItem>
            </ToolbarContent>
          </Toolbar>
          {volume.locked ? <Locked volume={volume} reload={() => volumes.refetch()} />
            : volume.browsable ? <Folder key={volume.guid} volume={volume} owner={mount.data?.protectedEntity} /> : <Alert component="p" isInline variant="info" title={t.files.notBrowsable(volume.type)} />}
        </>
      )}
    </PageFrame>
  );
}

function Locked({ volume, reload }: { volume: Volume; reload: () => Promise<unknown> }) {
  const [asking, setAsking] = useState(false);
  const [phrase, setPhrase] = useState('');
  return (
    <>
      <Alert component="p" isInline variant="info" title={t.files.isLocked} actionLinks={<Button variant="link" isInline onClick={() => setAsking(true)}>{t.files.unlock}</Button>} />
      {asking && (
        <Dialog title={t.files.unlockTitle(volume.name ?? '')} about={t.files.unlockAbout} action={t.files.unlock} isReady={phrase !== ''} close={() => setAsking(false)} submit={async () => {
          await body(client.POST('/api/mounted-file-systems/{guid}/unlock', { params: { path: { guid: volume.guid } }, body: { passPhrase: phrase } }));
          void reload();
        }}>
          <Text id="unlock-phrase" label={t.files.passPhrase} value={phrase} change={setPhrase} secret required autoComplete="off" />
        </Dialog>
      )}
    </>
  );
}

function Folder({ volume, owner }: { volume: Volume; owner: Named | null | undefined }) {
  const act = useAction();
  const may = useMay();
  const queries = useQueryClient();
  const [params, setParams] = useSearchParams();
  const path = params.get('path') ?? '/';
  const find = params.get('find') ?? '';
  const [text, setText] = useState(find);
  const [order, setOrder] = useState<Order>({ by: 'name', direction: 'asc' });
  const [chosen, setChosen] = useState<Map<string, Entry>>(new Map());
  useEffect(() => setText(find), [find, path]);
  useEffect(() => setChosen(new Map()), [find, path]);
  const [restoring, setRestoring] = useState(false);
  const [format, setFormat] = useState<ArchiveFormat>('zip');
  const place = { path: { guid: volume.guid } };
  const listing = useQuery({
    queryKey: ['files', volume.guid, path, find], staleTime: Infinity, gcTime: 60_000,
    queryFn: async ({ signal }) => {
      if (find === '') return { entries: await body(client.POST('/api/mounted-file-systems/{guid}/listing', { params: place, body: { path }, signal })), more: false };
      const call = client.POST('/api/mounted-file-systems/{guid}/search', { params: place, body: { path, name: find }, signal });
      return { entries: await body(call), more: (await call).response.headers.get('X-More') === 'true' };
    },
  });
  const shown = useMemo(() => {
    const all = listing.data?.entries ?? [];
    const wanted = text.trim().toLowerCase();
    return inOrder(find !== '' || wanted === '' ? all : all.filter((entry) => entry.name.toLowerCase().includes(wanted)), order);
  }, [listing.data, text, find, order]);
  const go = (to: string) => setParams({ volume: volume.guid, path: to });
  const search = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() !== '') setParams({ volume: volume.guid, path, find: text.trim() });
  };
  const columns: LongColumn<Entry>[] = [
    {
      key: 'name', label: find === '' ? t.files.name : t.files.path, width: 40, isSortable: true, cell: (entry) => {
        const name = find === '' ? entry.name : entry.path;
        if (entry.type === 'DIRECTORY') return <Button variant="link" isInline title={entry.path} onClick={() => go(entry.path)}>{name}/</Button>;
        if (entry.type === 'FILE') return <a href={contentAddress(volume.guid, entry.path)} download title={entry.path}>{name}</a>;
        return <>{name}{entry.target && ` → ${entry.target}`}</>;
      },
    },
    { key: 'size', label: t.files.size, width: 15, isSortable: true, cell: (entry) => entry.type === 'FILE' ? size(entry.size) : '–' },
    { key: 'time', label: t.files.changed, width: 25, isSortable: true, cell: (entry) => time(entry.lastModified) },
    { key: 'mode', label: t.files.mode, width: 15, cell: (entry) => `${entry.mode} ${entry.userId}:${entry.groupId}` },
  ];
  const takeable = (entry: Entry) => entry.type === 'FILE' || entry.type === 'DIRECTORY';
  const folders = [...chosen.values()].filter((entry) => entry.type === 'DIRECTORY').length;
  const bytes = [...chosen.values()].reduce((sum, entry) => sum + (entry.type === 'FILE' ? entry.size : 0), 0);
  const summary = t.files.chosen(chosen.size, size(bytes), folders);
  const isTakeable = chosen.size > 0 && chosen.size <= downloadMax;
  return (
    <>
      <Breadcrumb aria-label={t.files.place}>
        <BreadcrumbItem isActive={path === '/'}>{path === '/' ? t.files.root : <Button variant="link" isInline onClick={() => go('/')}>{t.files.root}</Button>}</BreadcrumbItem>
        {steps(path).map((step) => (
          <BreadcrumbItem key={step.path} isActive={step.path === path}>{step.path === path ? step.name : <Button variant="link" isInline onClick={() => go(step.path)}>{step.name}</Button>}</BreadcrumbItem>
        ))}
      </Breadcrumb>
      <Toolbar>
        <ToolbarContent>
          <ToolbarItem>
            <form onSubmit={search} role="search" className="vp-row">
              <SearchInput aria-label={t.files.filter} placeholder={t.files.filter} value={text} onChange={(_, value) => setText(value)} onClear={() => { setText(''); if (find) go(path); }} />
              <Button type="submit" variant="secondary" isDisabled={text.trim() === ''}>{t.files.search}</Button>
            </form>
          </ToolbarItem>
          <ToolbarItem alignSelf="center" aria-live="polite">{listing.data && (listing.data.more ? t.files.moreFound(shown.length) : t.files.count(shown.length))}{chosen.size > 0 && <div>{summary}</div>}{chosen.size > downloadMax && <div>{t.files.tooMany(downloadMax)}</div>}</ToolbarItem>
          <ToolbarItem align={{ default: 'alignEnd' }} className="vp-row">
            <FormSelect aria-label={t.files.format} value={format} onChange={(_, value) => setFormat(value as ArchiveFormat)}>
              <FormSelectOption value="zip" label={t.files.zip} />
              <FormSelectOption value="tar.zst" label={t.files.tar} />
            </FormSelect>
            <Button isDisabled={!isTakeable} onClick={() => void act(() => download(volume.guid, [...chosen.values()], format), t.files.downloading)}>{t.files.download}</Button>
            {may('tasks.restore') && <Button variant="secondary" isDisabled={!isTakeable} onClick={() => setRestoring(true)}>{t.files.into.action}</Button>}
          </ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      {listing.isError && <Failure error={listing.error} retry={() => void queries.invalidateQueries({ queryKey: ['files', volume.guid] })} />}
      {listing.isPending && <Loading />}
      {listing.data && (shown.length === 0
        ? <EmptyState titleText={listing.data.entries.length === 0 && find === '' ? t.files.empty : t.noMatches} headingLevel="h2" />
        : (
          <LongTable label={find === '' ? t.files.of(path) : t.files.found(find)} rows={shown} keyOf={(entry) => entry.path} columns={columns} order={order} sort={setOrder}
            nameOf={(entry) => entry.name} selectable={takeable} selected={(entry) => chosen.has(entry.path)}
            select={(entry, on) => setChosen((before) => {
              const next = new Map(before);
              if (on) next.set(entry.path, entry); else next.delete(entry.path);
              return next;
            })}
            selectAll={(on) => setChosen(new Map(on ? shown.filter(takeable).map((entry) => [entry.path, entry]) : []))} />
        ))}
      {restoring && <RestoreFilesDialog volume={volume} owner={owner} chosen={[...chosen.values()]} about={summary} close={() => setRestoring(false)} />}
    </>
  );
}
