import { FormSelect, FormSelectOption } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { body, client } from '../api/client';
import { time } from '../format/format';
import { Failure, Loading, words } from '../parts/parts';
import { t } from '../strings';

const d = t.plans.dry;
const shownMax = 500;
const margin = 60_000;

/** What a policy's schedules would start. */
export function DryRun({ policy }: { policy: string }) {
  const [days, setDays] = useState(1);
  const runs = useQuery({ queryKey: ['schedules', 'forecast', policy, days], queryFn: () => body(client.GET('/api/schedules/forecast', { params: { query: { policy, until: Date.now() + days * 86_400_000 - margin } } })) });
  return (
    <div className="vp-stack">
      <FormSelect aria-label={d.until} value={days} onChange={(_, value) => setDays(Number(value))} className="vp-narrow">{[1, 7, 31].map((count) => <FormSelectOption key={count} value={count} label={d.days(count)} />)}</FormSelect>
      {runs.isPending && <Loading />}
      {runs.isError && <Failure error={runs.error} retry={() => void runs.refetch()} />}
      {runs.data?.length === 0 && <p>{d.nothing}</p>}
      {runs.data && runs.data.length > 0 && (
        <>
          <p>{d.summary(runs.data.length, new Set(runs.data.map((run) => run.protectedEntity?.guid)).size)} {runs.data.length > shownMax && d.first(shownMax)}</p>
          <div className="vp-wide">
            <Table aria-label={t.plans.policy.dryRun} variant="compact" role="table">
              <Thead><Tr>{[d.at, d.machine, d.rule, d.schedule, d.type, d.destination, d.copy].map((head) => <Th key={head}>{head}</Th>)}</Tr></Thead>
              <Tbody>
                {runs.data.slice(0, shownMax).map((run) => (
                  <Tr key={`${run.at} ${run.protectedEntity?.guid} ${run.rule?.guid} ${run.schedule?.guid}`}>
                    <Td>{time(run.at)}</Td><Td><Link to={`/machines/${run.protectedEntity?.guid}`}>{run.protectedEntity?.name}</Link></Td><Td>{run.rule?.name}</Td><Td>{run.schedule?.name}</Td>
                    <Td>{run.backupType ? words(run.backupType.name) : '–'}</Td><Td>{run.backupDestination?.name ?? '–'}</Td><Td>{run.secondaryBackupDestination?.name ?? '–'}</Td>
                  </Tr>
                ))}
              </Tbody>
            </Table>
          </div>
        </>
      )}
    </div>
  );
}
