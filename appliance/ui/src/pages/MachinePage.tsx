import { Button, Switch, Tab, Tabs, TabTitleText } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { Link, useParams, useSearchParams } from 'react-router';
import { useMay } from '../app/session';
import { body, client, page, type Schemas } from '../api/client';
import { size, time } from '../format/format';
import { History, TimeLine } from '../machine/History';
import { PointMenu } from '../machine/PointMenu';
import { Settings } from '../machine/Settings';
import { Facts } from '../parts/Facts';
import { ListTable } from '../parts/ListTable';
import { listQuery } from '../parts/listState';
import { BootDialog } from '../parts/BootDialog';
import { MountDialog } from '../parts/MountDialog';
import { Confirm, Failure, Loading, PageFrame, StateLabel, useAction, useTold, When, words } from '../parts/parts';
import { Restore } from '../parts/Restore';
import { backUp, revert, takeSnapshot } from '../parts/work';
import { whenOf } from '../schedule/whenOf';
import { t } from '../strings';
import { Protection } from './MachinesPage';
import { TaskList } from './TasksPage';

type Machine = Schemas['Machine'];

export default function MachinePage() {
  const guid = useParams().guid!;
  const act = useAction();
  const may = useMay();
  const [params, setParams] = useSearchParams();
  const tab = params.get('tab') ?? 'points';
  const found = useQuery({ queryKey: ['virtual-machines', guid], queryFn: () => body(client.GET('/api/virtual-machines/{guid}', { params: { path: { guid } } })) });
  const schedules = useQuery({
    queryKey: ['schedules', 'of', guid], enabled: may('policies.read'), queryFn: () => body(client.GET('/api/schedules', { params: { query: { 'protected-entity': guid, page: 0, size: 20 } } })),
  });
  if (found.isPending) return <Loading />;
  if (found.isError) return <PageFrame title={t.machines.title}><Failure error={found.error} retry={() => void found.refetch()} /></PageFrame>;
  const machine = found.data;
  const tabs: [string, string, ReactNode][] = [
    ['points', t.machines.points, <Points machine={machine} />], ['disks', t.machines.disks, <Disks machine={guid} />],
    ['history', t.history.title, <History machine={guid} />], ['snapshots', t.machines.snapshots, <Snapshots machine={machine} />],
    ...(may('inventory.machines') ? [['settings', t.settings.title, <Settings machine={machine} />] as [string, string, ReactNode]] : []), ['tasks', t.machines.tasks, <TaskList machine={guid} />],
  ];
  return (
    <PageFrame title={machine.name} actions={machine.present && (
      <>
        {may('tasks.backup') && <Button onClick={() => void act(() => backUp([guid]), t.machines.started(machine.name))}>{t.machines.backUp}</Button>}
        {may('tasks.backup') && <Button variant="secondary" onClick={() => void act(() => backUp([guid], 'FULL'), t.machines.started(machine.name))}>{t.machines.backUpFull}</Button>}
        {may('tasks.snapshot') && <Button variant="secondary" onClick={() => void act(() => takeSnapshot(guid), t.machines.snapshotStarted(machine.name))}>{t.machines.snapshot}</Button>}
      </>
    )}>
      <Facts facts={[
        [t.machines.status, <Protection machine={machine} />], [t.machines.lastGood, <When at={machine.lastSuccessfulBackup} none={t.machines.never} />], [t.machines.due, <When at={machine.rpoDue} />],
        [t.machines.policy, <Policies of={machine} />], [t.plans.schedules.title, schedules.data?.length ? <ul>{schedules.data.map((one) => <li key={one.guid}>{whenOf(one)}{one.nextRuns.length > 0 && <div><small>{t.plans.schedules.next}: <When at={one.nextRuns[0]} /></small></div>}</li>)}</ul> : '–'], [t.machines.host, machine.hypervisor?.name], [t.machines.platform, machine.hvType.name],
        [t.machines.power, <StateLabel name={machine.powerState.name} />], [t.machines.guest, machine.guestOs], [t.machines.size, size(machine.provisionedSize)],
        [t.machines.cpus, machine.cpuCount == null ? '–' : String(machine.cpuCount)], [t.machines.memory, size(machine.memory)], [t.machines.tags, machine.tags.join(', ') || '–'],
      ]} />
      <div className="vp-tab">
        <Tabs activeKey={tab} onSelect={(_, key) => setParams({ tab: String(key) }, { replace: true })} aria-label={machine.name}>
          {tabs.map(([key, title, content]) => <Tab key={key} eventKey={key} title={<TabTitleText>{title}</TabTitleText>}>{key === tab && <div className="vp-tab">{content}</div>}</Tab>)}
        </Tabs>
      </div>
    </PageFrame>
  );
}

function Policies({ of: { policies, vmBackupPolicy } }: { of: Machine }) {
  const may = useMay();
  if (policies.length === 0) return <>–</>;
  return <ul>{policies.map(({ guid, name }) => <li key={guid}>{may('policies.read') ? <Link to={`/policies/${guid === vmBackupPolicy?.guid ? 'vm-backup' : 'vm-snapshot'}/${guid}`}>{name}</Link> : name}</li>)}</ul>;
}

function Points({ machine }: { machine: Machine }) {
  const may = useMay();
  const [restoring, setRestoring] = useState<Schemas['Backup']>();
  const [mounting, setMounting] = useState<Schemas['Backup']>();
  const [booting, setBooting] = useState<Schemas['Backup']>();
  return (
    <>
      <TimeLine machine={machine.guid} />
      <ListTable<Schemas['Backup']> label={t.machines.points} name="backups" empty={t.empty.points} filterable={false}
        read={(state) => page(client.GET('/api/backups', { params: { query: { ...listQuery(state), 'protected-entity': machine.guid } } }))}
        columns={[
          { label: t.machines.time, sort: 'created', cell: (row) => <div className="vp-time">{time(row.snapshotTime ?? row.backupTime)}{row.held && <div><small>{t.points.heldFor(row.holdReason ?? '')}</small></div>}{row.lockedUntil && row.lockedUntil > Date.now() && <div><small>{t.points.lockedUntil(time(row.lockedUntil))}</small></div>}{row.description && <div><small>{row.description}</small></div>}</div> },
          { label: t.machines.type, cell: (row) => <>{words(row.type.name)}<div><small>{row.backupDestination?.name}</small></div></> },
          { label: t.machines.state, cell: (row) => <><StateLabel name={row.status.name} />{row.statusInfo && <div><small>{row.statusInfo}</small></div>}</> },
          { label: t.machines.size, sort: 'size', cell: (row) => size(row.size) },
          { label: t.machines.read, cell: (row) => <>{size(row.transferSize)}<div><small>{t.machines.ofItNew(size(row.newSize))}</small></div></> },
          { label: t.machines.stored, sort: 'stored', cell: (row) => size(row.storedSize) },
          { label: t.machines.verified, cell: (row) => row.verifiedAt ? <When at={row.verifiedAt} /> : row.verifyState.name === 'NONE' ? t.machines.notVerified : words(row.verifyState.name) },
        ]}
        rowActions={(row) => (
          <div className="vp-actions vp-pair">
            {row.mountable && (may('tasks.restore') || may('tasks.restore-files')) && <Button variant="secondary" size="sm" onClick={() => setRestoring(row)}>{t.machines.restore}</Button>}
            {row.mountable && may('tasks.mount') && <Button variant="secondary" size="sm" onClick={() => setMounting(row)}>{t.machines.mount}</Button>}
            {row.mountable && may('tasks.restore') && machine.hvType.name === 'KVM' && <Button variant="secondary" size="sm" onClick={() => setBooting(row)}>{t.boot.action}</Button>}
            <PointMenu backup={row} machine={machine} />
          </div>
        )} />
      {mounting && <MountDialog backup={mounting} machine={machine.name} close={() => setMounting(undefined)} />}
      {booting && <BootDialog backup={booting} machine={machine.name} close={() => setBooting(undefined)} />}
      {restoring && <Restore backup={restoring} machine={machine.name} close={() => setRestoring(undefined)} />}
    </>
  );
}

function Disks({ machine }: { machine: string }) {
  const queries = useQueryClient();
  const act = useAction();
  const may = useMay();
  const disks = useQuery({ queryKey: ['virtual-machine-disks', machine], queryFn: () => body(client.GET('/api/virtual-machine-disks', { params: { query: { 'virtual-machine': machine } } })) });
  if (disks.isError) return <Failure error={disks.error} retry={() => void disks.refetch()} />;
  if (disks.isPending) return <Loading />;
  return (
    <Table aria-label={t.machines.disks} variant="compact" role="table">
      <Thead><Tr><Th>{t.machines.position}</Th><Th>{t.machines.name}</Th><Th>{t.machines.size}</Th><Th>{t.machines.included}</Th></Tr></Thead>
      <Tbody>
        {disks.data.map((disk) => (
          <Tr key={disk.guid}>
            <Td>{disk.position}</Td><Td>{disk.name}</Td><Td>{size(disk.size)}</Td>
            <Td>
              <Switch id={disk.guid} isDisabled={!may('inventory.machines')} aria-label={t.machines.exclude(disk.name)} isChecked={!disk.excluded} onChange={(_, included) => void act(async () => {
                await body(client.PUT('/api/virtual-machine-disks/{guid}/settings', { params: { path: { guid: disk.guid } }, body: { excluded: !included } }));
                await queries.invalidateQueries({ queryKey: ['virtual-machine-disks', machine] });
              }, `${disk.name}: ${t.machines.included}: ${included ? t.yes : t.no}`)} />
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}

function Snapshots({ machine }: { machine: Machine }) {
  const may = useMay();
  const told = useTold();
  const [reverting, setReverting] = useState<Schemas['Snapshot']>();
  return (
    <>
      <ListTable<Schemas['Snapshot']> label={t.machines.snapshots} name="snapshots" empty={t.empty.snapshots} filterable={false}
        read={(state) => page(client.GET('/api/snapshots', { params: { query: { ...listQuery(state), 'virtual-machine': machine.guid } } }))}
        columns={[
          { label: t.machines.name, cell: (row) => row.name }, { label: t.machines.time, sort: 'created', cell: (row) => time(row.snapshotTime) },
          { label: t.machines.state, cell: (row) => <StateLabel name={row.state.name} /> }, { label: t.machines.ours, cell: (row) => row.ours ? t.yes : t.no },
        ]}
        rowActions={(row) => may('tasks.snapshot') && row.ours && row.state.name === 'PRESENT' && !row.backup && <Button variant="danger" size="sm" onClick={() => setReverting(row)}>{t.machines.revert}</Button>} />
      {reverting && <Confirm title={t.machines.revertTitle(machine.name)} what={t.machines.revertWhat(machine.name, time(reverting.snapshotTime))} action={t.machines.revert} typedName={machine.name}
        confirm={() => told(revert(reverting.guid), t.machines.revertQueued(machine.name))} close={() => setReverting(undefined)} />}
    </>
  );
}
