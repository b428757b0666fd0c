import { Button, FormSelect, FormSelectOption, Label } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { useMay } from '../app/session';
import { body, client, page, type Schemas } from '../api/client';
import { size } from '../format/format';
import { ListTable } from '../parts/ListTable';
import { listQuery } from '../parts/listState';
import { Owner, PageFrame, StateLabel, useAction, When } from '../parts/parts';
import { backUp } from '../parts/work';
import { t } from '../strings';

type Machine = Schemas['Machine'];

export default function MachinesPage() {
  const act = useAction();
  const may = useMay();
  const policies = useQuery({
    queryKey: ['policies', 'to filter by'], enabled: may('policies.read'), queryFn: () => body(client.GET('/api/policies/vm-backup', { params: { query: { page: 0, size: 1000, orderBy: 'name' } } })),
  });
  return (
    <PageFrame title={t.machines.title}>
      <ListTable<Machine> label={t.machines.title} name="virtual-machines"
        read={(state) => page(client.GET('/api/virtual-machines', { params: { query: { ...listQuery(state), ...flags(state.extra) } } }))}
        empty={<Link to="/infrastructure">{t.dashboard.noMachines}</Link>}
        filters={(state, change) => (
          <>
            <FormSelect aria-label={t.machines.protected} value={choiceOf(state.extra)} onChange={(_, value) => change({ extra: { ...choices[value], ...policyOf(state.extra) } })}>
              <FormSelectOption value="all" label={t.all} />
              <FormSelectOption value="in" label={t.machines.inPolicy} />
              <FormSelectOption value="out" label={t.machines.inNone} />
              <FormSelectOption value="late" label={t.machines.overdue} />
              <FormSelectOption value="failed" label={t.machines.lastFailed} />
            </FormSelect>
            {(policies.data?.length ?? 0) > 0 && (
              <FormSelect aria-label={t.machines.policy} value={state.extra.policy ?? ''} onChange={(_, policy) => change({ extra: { ...choices[choiceOf(state.extra)], ...(policy && { policy }) } })}>
                <FormSelectOption value="" label={t.machines.anyPolicy} />
                {policies.data!.map((one) => <FormSelectOption key={one.guid} value={one.guid} label={one.name} />)}
              </FormSelect>
            )}
          </>
        )}
        columns={[
          { label: t.machines.name, sort: 'name', cell: (row) => <><Link to={`/machines/${row.guid}`}>{row.name}</Link><Owner of={row.appliance} /></> },
          { label: t.machines.status, cell: (row) => <Protection machine={row} /> },
          { label: t.machines.lastGood, sort: 'lastSuccessfulBackup', cell: (row) => <When at={row.lastSuccessfulBackup} none={t.machines.never} /> },
          { label: t.machines.lastResult, cell: (row) => <StateLabel name={row.lastBackupState?.name} /> },
          { label: t.machines.size, sort: 'provisionedSize', cell: (row) => size(row.provisionedSize) },
          { label: t.machines.host, cell: (row) => <span className="vp-breaks">{row.hypervisor?.name ?? '–'}</span> },
          { label: t.machines.policy, cell: (row) => row.vmBackupPolicy?.name ?? '–' },
        ]}
        choosing={may('tasks.backup') ? {
          nameOf: (row) => row.name, isChoosable: (row) => row.present,
          actions: (chosen, done) => (
            <Button variant="secondary" onClick={() => void act(() => backUp(chosen.map((one) => one.guid)).then(done), t.machines.manyStarted(chosen.length))}>{t.machines.backUp}</Button>
          ),
        } : undefined}
        rowActions={(row) => may('tasks.backup') && row.present && <Button variant="secondary" size="sm" aria-label={`${t.machines.backUp}: ${row.name}`} onClick={() => void act(() => backUp([row.guid]), t.machines.started(row.name))}>{t.machines.backUp}</Button>} />
    </PageFrame>
  );
}

const choices: Record<string, Record<string, string>> = { all: {}, in: { protected: 'true' }, out: { protected: 'false' }, late: { protected: 'true', 'up-to-date': 'false' }, failed: { 'last-backup-state': 'FAILED' } };
const policyOf = ({ policy }: Record<string, string>) => ({ ...(policy && { policy }) });
const choiceOf = (extra: Record<string, string>) => extra['last-backup-state'] === 'FAILED' ? 'failed' : extra['up-to-date'] === 'false' ? 'late' : extra.protected === 'true' ? 'in' : extra.protected === 'false' ? 'out' : 'all';
const flags = (extra: Record<string, string>) => ({
  ...(extra.protected && { protected: extra.protected === 'true' }), ...(extra['up-to-date'] && { 'up-to-date': extra['up-to-date'] === 'true' }),
  ...(extra['last-backup-state'] === 'FAILED' && { 'last-backup-state': 'FAILED' as const }), ...policyOf(extra),
});

/** Whether a machine's backups are as new as its policies ask. */
export function Protection({ machine }: { machine: Machine }) {
  if (!machine.present) return <Label color="grey" isCompact>{t.machines.gone}</Label>;
  if (!machine.vmBackupPolicy) return <Label color="orange" isCompact>{t.machines.unprotected}</Label>;
  return machine.backupUpToDate ? <Label color="green" isCompact>{t.machines.current}</Label> : <Label color="red" isCompact>{t.machines.overdue}</Label>;
}
