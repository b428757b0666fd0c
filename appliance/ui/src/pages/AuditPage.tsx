import { Alert, Button, TextInput, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useSearchParams } from 'react-router';
import { body, client } from '../api/client';
import { time } from '../format/format';
import { Failure, Loading, PageFrame, StateLabel } from '../parts/parts';
import { t } from '../strings';

const size = 100;

/** Who did what, newest first; and whether the log is whole. */
export default function AuditPage() {
  const [params, setParams] = useSearchParams();
  const actor = params.get('actor') ?? '';
  const action = params.get('action') ?? '';
  const [typed, setTyped] = useState({ actor, action });
  const audit = useInfiniteQuery({
    queryKey: ['audit', actor, action],
    initialPageParam: undefined as number | undefined,
    queryFn: ({ pageParam }) => body(client.GET('/api/audit', { params: { query: { size, ...(actor && { actor }), ...(action && { action }), ...(pageParam && { before: pageParam }) } } })),
    getNextPageParam: (page) => (page.length === size ? page[page.length - 1].seq : undefined),
  });
  const verify = useMutation({ mutationFn: () => body(client.POST('/api/audit/verify')) });
  const filter = (event: FormEvent) => {
    event.preventDefault();
    setParams(Object.fromEntries(Object.entries(typed).filter(([, value]) => value.trim() !== '')));
  };
  const entries = audit.data?.pages.flat() ?? [];
  return (
    <PageFrame title={t.audit.title} actions={<Button variant="secondary" isLoading={verify.isPending} onClick={() => verify.mutate()}>{t.audit.verify}</Button>}>
      {verify.isError && <Failure error={verify.error} />}
      {verify.data && (
        <Alert component="p" isInline variant={verify.data.whole ? 'success' : 'danger'} title={verify.data.whole ? t.audit.whole(verify.data.newest) : t.audit.broken}>
          {verify.data.findings.map((finding) => <p key={finding}>{finding}</p>)}
          <p className="vp-address">{t.audit.hash(verify.data.hash)}</p>
        </Alert>
      )}
      <form onSubmit={filter} role="search">
        <Toolbar>
          <ToolbarContent>
            <ToolbarItem><TextInput aria-label={t.audit.filterActor} placeholder={t.audit.filterActor} value={typed.actor} onChange={(_, value) => setTyped({ ...typed, actor: value })} /></ToolbarItem>
            <ToolbarItem><TextInput aria-label={t.audit.filterAction} placeholder={t.audit.filterAction} value={typed.action} onChange={(_, value) => setTyped({ ...typed, action: value })} /></ToolbarItem>
            <ToolbarItem><Button type="submit" variant="secondary">{t.audit.filter}</Button></ToolbarItem>
          </ToolbarContent>
        </Toolbar>
      </form>
      {audit.isPending && <Loading />}
      {audit.isError && <Failure error={audit.error} retry={() => void audit.refetch()} />}
      {audit.data && entries.length === 0 && <p>{t.noMatches}</p>}
      {entries.length > 0 && (
        <div className="vp-wide">
          <Table aria-label={t.audit.title} variant="compact" role="table">
            <Thead><Tr><Th>{t.audit.number}</Th><Th>{t.audit.at}</Th><Th>{t.audit.actor}</Th><Th>{t.audit.action}</Th><Th>{t.audit.object}</Th><Th>{t.audit.outcome}</Th><Th>{t.audit.address}</Th></Tr></Thead>
            <Tbody>
              {entries.map((entry) => (
                <Tr key={entry.seq}><Td>{entry.seq}</Td><Td>{time(entry.at)}</Td><Td>{entry.actor}</Td><Td>{entry.action}</Td><Td>{entry.object?.name ?? entry.objectKind ?? '–'}</Td><Td><StateLabel name={entry.outcome.name} /></Td><Td>{entry.address ?? '–'}</Td></Tr>
              ))}
            </Tbody>
          </Table>
        </div>
      )}
      {audit.hasNextPage && <div className="vp-actions vp-tab"><Button variant="secondary" isLoading={audit.isFetchingNextPage} onClick={() => void audit.fetchNextPage()}>{t.audit.more}</Button></div>}
    </PageFrame>
  );
}
