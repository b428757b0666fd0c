import { Button, Card, CardBody, CardTitle, FormSelect, FormSelectOption } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { Link } from 'react-router';
import { body, client } from '../api/client';
import { csv } from '../format/csv';
import { ratio, size, time } from '../format/format';
import { Bars } from '../parts/Bars';
import { download } from '../parts/download';
import { Facts } from '../parts/Facts';
import { Failure, Loading, PageFrame, useAction } from '../parts/parts';
import { PlainTable } from '../parts/PlainTable';
import { t } from '../strings';

const r = t.plans.reports;
const day = 86_400_000;
const machinesMax = 1000;
const barsMax = 15;

/** What was done in a span of time, to be kept or printed. */
export default function ReportsPage() {
  const act = useAction();
  const [days, setDays] = useState(1);
  const [to, setTo] = useState(() => Date.now());
  const span = { from: to - days * day, to };
  const report = useQuery({ queryKey: ['dashboard', 'report', span], queryFn: () => body(client.GET('/api/dashboard/report', { params: { query: span } })) });
  const stored = useQuery({ queryKey: ['dashboard', 'charge', 'stored', span], queryFn: () => body(client.POST('/api/chargeback-reporting/backup-size/vm', { body: span })) });
  const read = useQuery({ queryKey: ['dashboard', 'charge', 'read', span], queryFn: () => body(client.POST('/api/chargeback-reporting/transfer-size/vm', { body: span })) });
  const readOf = new Map((read.data ?? []).map((one) => [one.vm.guid, one.size]));
  const charged = [...(stored.data ?? [])].sort((a, b) => b.size - a.size);
  const name = `vprotect-report-${new Date(to).toISOString().slice(0, 10)}`;
  const saveHtml = () => act(async () => download(`${name}.html`, await body(client.POST('/api/dashboard/report-html', { body: span, parseAs: 'text' })) as string, 'text/html'), r.saved);
  const savePdf = () => act(async () => download(`${name}.pdf`, await body(client.POST('/api/dashboard/report-pdf', { body: span, parseAs: 'blob' })) as unknown as Blob, 'application/pdf'), r.saved);
  const saveCsv = () => download(`${name}.csv`, csv([[r.machine, r.tenant, r.policy, r.backups, r.stored, r.read], ...charged.map((one) => [one.vm.name ?? '', one.tenantId ?? '', one.vmBackupPolicy?.name ?? '', one.backups, one.size, readOf.get(one.vm.guid) ?? 0])]), 'text/csv');
  const data = report.data;
  return (
    <PageFrame title={r.title} actions={
      <>
        <FormSelect aria-label={r.span} value={days} onChange={(_, value) => { setDays(Number(value)); setTo(Date.now()); }} className="vp-narrow">
          {([[1, r.day], [7, r.week], [30, r.month], [90, r.quarter]] as const).map(([count, label]) => <FormSelectOption key={count} value={count} label={`${r.span} ${label}`} />)}
        </FormSelect>
        <Button variant="secondary" onClick={() => void savePdf()}>{r.pdf}</Button>
        <Button variant="secondary" onClick={() => void saveHtml()}>{r.html}</Button>
        <Button variant="secondary" onClick={saveCsv} isDisabled={!stored.data || !read.data}>{r.csv}</Button>
        <Button variant="secondary" onClick={() => window.print()}>{r.print}</Button>
      </>}>
      {report.isPending && <Loading />}
      {[report, stored, read].filter((query) => query.isError).slice(0, 1).map((query) => <Failure key="error" error={query.error} retry={() => void query.refetch()} />)}
      {data && (
        <div className="vp-stack">
          <p>{time(span.from)} – {time(span.to)}</p>
          <Part title={r.result}>
            <Facts facts={[
              [t.dashboard.good, data.backupStats.successful], [t.dashboard.failed, data.backupStats.failed], [t.dashboard.cancelled, data.backupStats.cancelled], [t.dashboard.running, data.backupStats.inProgress], [t.dashboard.queued, data.backupStats.queued],
              [t.dashboard.read, size(data.backupStats.totalData)], [t.dashboard.stored, size(data.backupStats.totalStored)],
            ]} />
          </Part>
          <Part title={r.protection}><Facts facts={[[t.dashboard.protected, data.protection.vm.protectedNo], [t.dashboard.noSchedule, data.protection.vm.noSchedule], [t.dashboard.unprotected, data.protection.vm.notProtected]]} /></Part>
          <Part title={r.verification}>
            <Facts facts={[[r.whole, data.verification.verified], [r.unseen, data.verification.notVerified], [r.damaged, data.verification.damaged], [t.dashboard.lastVerified, time(data.verification.lastVerified)], [t.dashboard.lastRestored, time(data.verification.lastRestored)]]} />
          </Part>
          <Part title={r.space}>
            <PlainTable label={r.space} heads={[t.destinations.name, t.destinations.used, t.destinations.free, t.destinations.savings, r.daysLeft]} rows={data.destinations.map((one) => ({
              key: one.guid, cells: [one.name, size(one.totalUsedSpace), size(one.totalAvailableSpace), ratio(one.logicalSize, one.totalUsedSpace), one.daysUntilFull == null ? '–' : Math.floor(one.daysUntilFull)],
            }))} />
          </Part>
          <Part title={data.backupStats.failed > data.failedBackups.length ? r.someOf(r.failed, data.failedBackups.length, data.backupStats.failed) : r.failed}>
            <PlainTable label={r.failed} heads={[r.machine, r.time, t.destinations.title, r.why]} rows={data.failedBackups.map((one) => ({
              key: one.guid, cells: [<Link to={`/machines/${one.vm.guid}?tab=tasks`}>{one.vm.name}</Link>, time(one.time), one.backupDestination.name, one.statusInfo],
            }))} />
          </Part>
          <Part title={data.overdueNo > data.overdue.length ? r.someOf(r.overdue, data.overdue.length, data.overdueNo) : r.overdue}>
            <PlainTable label={r.overdue} heads={[r.machine, t.machines.lastGood, r.was]} rows={data.overdue.map((one) => ({
              key: one.vm.guid, cells: [<Link to={`/machines/${one.vm.guid}`}>{one.vm.name}</Link>, one.lastSuccessfulBackup ? time(one.lastSuccessfulBackup) : t.machines.never, time(one.due)],
            }))} />
          </Part>
          <Part title={charged.length > machinesMax ? r.someOf(r.charge, machinesMax, charged.length) : r.charge}>
            {charged.length > 0 && <Bars label={r.chartLabel} rows={charged.slice(0, barsMax).map((one) => ({ key: one.vm.guid, name: one.vm.name ?? '', value: one.size, text: size(one.size) }))} />}
            <PlainTable label={r.charge} heads={[r.machine, r.tenant, r.policy, r.backups, r.stored, r.read]} rows={charged.slice(0, machinesMax).map((one) => ({
              key: one.vm.guid, cells: [<Link to={`/machines/${one.vm.guid}`}>{one.vm.name}</Link>, one.tenantId ?? '–', one.vmBackupPolicy?.name ?? '–', one.backups, size(one.size), size(readOf.get(one.vm.guid) ?? 0)],
            }))} />
          </Part>
        </div>
      )}
    </PageFrame>
  );
}

const Part = ({ title, children }: { title: string; children: ReactNode }) => <Card><CardTitle component="h2">{title}</CardTitle><CardBody>{children}</CardBody></Card>;
