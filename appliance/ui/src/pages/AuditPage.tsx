import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery } from '@tanstack/react-query';
import { body, client } from '../api/client';
import { time } from '../format/format';
import { Failure, Loading, PageFrame, StateLabel } from '../parts/parts';
import { t } from '../strings';

export default function AuditPage() {
  const audit = useQuery({ queryKey: ['audit'], queryFn: () => body(client.GET('/api/audit', { params: { query: { size: 200 } } })) });
  return (
    <PageFrame title={t.audit.title}>
      {audit.isPending && <Loading />}
      {audit.isError && <Failure error={audit.error} retry={() => void audit.refetch()} />}
      {audit.data && (
        <div className="vp-wide">
          <Table aria-label={t.audit.title} variant="compact" role="table">
            <Thead><Tr><Th>{t.audit.at}</Th><Th>{t.audit.actor}</Th><Th>{t.audit.action}</Th><Th>{t.audit.object}</Th><Th>{t.audit.outcome}</Th><Th>{t.audit.address}</Th></Tr></Thead>
            <Tbody>
              {audit.data.map((entry) => (
                <Tr key={entry.seq}><Td>{time(entry.at)}</Td><Td>{entry.actor}</Td><Td>{entry.action}</Td><Td>{entry.object?.name ?? entry.objectKind ?? '–'}</Td><Td><StateLabel name={entry.outcome.name} /></Td><Td>{entry.address ?? '–'}</Td></Tr>
              ))}
            </Tbody>
          </Table>
        </div>
      )}
    </PageFrame>
  );
}
