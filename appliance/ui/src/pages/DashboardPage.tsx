import { Card, CardBody, CardTitle, DescriptionList, DescriptionListDescription, DescriptionListGroup, DescriptionListTerm, Progress } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { body, client, page, type Schemas } from '../api/client';
import { useMay } from '../app/session';
import { ratio, relative, size } from '../format/format';
import { Failure, Loading, PageFrame, When } from '../parts/parts';
import { SetupLink } from '../setup/SetupLink';
import { taskName, TaskProgress } from '../parts/TaskProgress';
import { t } from '../strings';

const day = 86_400_000;

/** Whether all is well, at one look. */
export default function DashboardPage() {
  const report = useQuery({
    queryKey: ['dashboard', 'report'], refetchInterval: 60_000,
    queryFn: () => body(client.GET('/api/dashboard/report', { params: { query: { from: Date.now() - day, to: Date.now() + 60_000 } } })),
  });
  const running = useQuery({ queryKey: ['tasks', 'running'], queryFn: () => page(client.GET('/api/tasks', { params: { query: { state: ['RUNNING'], page: 0, size: 10 } } })) });
  const may = useMay();
  const setup = useQuery({ queryKey: ['backups', 'any'], queryFn: () => page(client.GET('/api/backups', { params: { query: { page: 0, size: 1, status: ['SUCCESS'] } } })) });
  const hosts = useQuery({ queryKey: ['hypervisors', 'amiss'], enabled: may('inventory.read'), queryFn: () => body(client.GET('/api/hypervisors', { params: { query: { page: 0, size: 200 } } })) });
  const places = useQuery({ queryKey: ['backup-destinations', 'amiss'], enabled: may('destinations.read'), queryFn: () => body(client.GET('/api/backup-destinations', { params: { query: { page: 0, size: 200 } } })) });
  const warnings = report.data ? warningsOf(report.data, hosts.data ?? [], places.data ?? []) : [];
  return (
    <PageFrame title={t.dashboard.title} actions={setup.data?.total === 0 && may('settings.write') && <SetupLink />}>
      {report.isError && <Failure error={report.error} retry={() => void report.refetch()} />}
      {report.isPending && <Loading />}
      {report.data && (
        <div className="vp-grid">
          <Tile title={t.dashboard.protection}>
            <div className="vp-numbers">
              <Figure label={t.dashboard.protected} to="/machines?protected=true" value={report.data.protection.vm.protectedNo} />
              <Figure label={t.dashboard.noSchedule} to="/policies" value={report.data.protection.vm.noSchedule} />
              <Figure label={t.dashboard.unprotected} to="/machines?protected=false" value={report.data.protection.vm.notProtected} />
              <Figure label={t.dashboard.overdue} to="/machines?protected=true&up-to-date=false" value={report.data.overdueNo} />
            </div>
          </Tile>
          <Tile title={t.dashboard.lastDay}>
            <div className="vp-numbers">
              <Figure label={t.dashboard.good} value={report.data.backupStats.successful} />
              <Figure label={t.dashboard.failed} to="/tasks?state=FAILED" value={report.data.backupStats.failed} />
              <Figure label={t.dashboard.cancelled} value={report.data.backupStats.cancelled} />
              <Figure label={t.dashboard.queued} to="/tasks?state=QUEUED" value={report.data.backupStats.queued} />
              <Figure label={t.dashboard.read} value={size(report.data.backupStats.totalData)} />
              <Figure label={t.dashboard.stored} value={size(report.data.backupStats.totalStored)} />
            </div>
          </Tile>
          <Tile title={t.dashboard.look}>
            {report.data.overdue.length + report.data.failedBackups.length + warnings.length === 0 && <p>{t.dashboard.allWell}</p>}
            <ul className="vp-list">
              {warnings.map(([text, to]) => <li key={text}><Link to={to}>{text}</Link></li>)}
              {report.data.failedBackups.slice(0, shownMax).map((failed) => (
                <li key={failed.guid}><Link to={`/machines/${failed.vm?.guid}?tab=tasks`}>{t.dashboard.failedBackup(failed.vm?.name ?? '')}</Link> <small><When at={failed.time} /></small></li>
              ))}
              {report.data.overdue.slice(0, shownMax).map((late) => (
                <li key={late.vm?.guid}><Link to={`/machines/${late.vm?.guid}`}>{t.dashboard.overdueMachine(late.vm?.name ?? '')}</Link>: <small>
                  {late.lastSuccessfulBackup ? t.dashboard.lastGood(relative(late.lastSuccessfulBackup, Date.now())) : t.dashboard.never}</small></li>
              ))}
              <More of={report.data.backupStats.failed} shown={report.data.failedBackups.slice(0, shownMax).length} text={t.dashboard.moreFailed} to="/tasks?state=FAILED" />
              <More of={report.data.overdueNo} shown={report.data.overdue.slice(0, shownMax).length} text={t.dashboard.moreOverdue} to="/machines?protected=true&up-to-date=false" />
            </ul>
          </Tile>
          <Tile title={t.dashboard.runningTasks}>
            {running.data?.rows.length === 0 && <p>{t.dashboard.noRunning}</p>}
            <ul className="vp-list">{running.data?.rows.map((task) => <li key={task.guid}><Link to={`/tasks/${task.guid}`}>{taskName(task)}</Link><TaskProgress task={task} /></li>)}
              <More of={running.data?.total ?? 0} shown={running.data?.rows.length ?? 0} text={t.dashboard.moreRunning} to="/tasks?state=RUNNING" />
            </ul>
          </Tile>
          <Tile title={t.dashboard.verification}>
            <div className="vp-numbers">
              <Figure label={t.dashboard.verified} value={report.data.verification.verified} />
              <Figure label={t.dashboard.notVerified} value={report.data.verification.notVerified} />
              <Figure label={t.dashboard.damaged} value={report.data.verification.damaged} />
            </div>
            <DescriptionList isHorizontal isCompact>
              <Pair term={t.dashboard.lastVerified}><When at={report.data.verification.lastVerified} none={t.dashboard.neverYet} /></Pair>
              <Pair term={t.dashboard.lastRestored}><When at={report.data.verification.lastRestored} none={t.dashboard.neverYet} /></Pair>
            </DescriptionList>
          </Tile>
          {report.data.destinations.map((space) => (
            <Tile key={space.guid} title={`${t.dashboard.space}: ${space.name}`}>
              <Progress className="vp-bar" aria-label={space.name} value={Math.round(100 * space.totalUsedSpace / Math.max(1, space.totalUsedSpace + space.totalAvailableSpace))} />
              <DescriptionList isHorizontal isCompact>
                <Pair term={t.dashboard.used}>{size(space.totalUsedSpace)}</Pair>
                <Pair term={t.dashboard.free}>{size(space.totalAvailableSpace)}</Pair>
                <Pair term={t.dashboard.savings}>{ratio(space.logicalSize, space.totalUsedSpace)}</Pair>
                <Pair term={t.dashboard.daysLeft}>{space.daysUntilFull == null ? t.dashboard.tooEarly : t.dashboard.days(Math.floor(space.daysUntilFull))}</Pair>
              </DescriptionList>
            </Tile>
          ))}
        </div>
      )}
    </PageFrame>
  );
}

const soonDays = 14;
const shownMax = 8;

/** What is amiss beside single backups, with the page where it is put right. */
function warningsOf(report: Schemas['Report'], hosts: Schemas['Hypervisor'][], places: Schemas['Destination'][]): [string, string][] {
  const warnings: [string, string][] = [];
  if (report.superseded) warnings.push([t.dashboard.superseded, '/tasks']);
  if (report.destinations.length === 0) warnings.push([t.dashboard.noDestination, '/destinations']);
  for (const host of hosts) if (host.present && (host.state.name === 'OFFLINE' || host.state.name === 'FAILED')) warnings.push([t.dashboard.hostAmiss(host.name), '/infrastructure']);
  for (const place of places) if (place.state.name === 'OFFLINE' || place.state.name === 'FAILED') warnings.push([t.dashboard.placeAmiss(place.name), '/destinations']);
  for (const space of report.destinations) if (space.daysUntilFull != null && space.daysUntilFull < soonDays) warnings.push([t.dashboard.fullSoon(space.name, Math.floor(space.daysUntilFull)), '/destinations']);
  if (report.verification.damaged > 0) warnings.push([t.dashboard.damagedPoints(report.verification.damaged), '/machines']);
  if (report.protection.vm.notProtected > 0) warnings.push([t.dashboard.inNoPolicy(report.protection.vm.notProtected), '/machines?protected=false']);
  if (report.protection.vm.noSchedule > 0) warnings.push([t.dashboard.inNoSchedule(report.protection.vm.noSchedule), '/schedules']);
  return warnings;
}

const Tile = ({ title, children }: { title: string; children: ReactNode }) => <Card><CardTitle component="h2">{title}</CardTitle><CardBody>{children}</CardBody></Card>;
const Figure = ({ label, value, to }: { label: string; value: number | string; to?: string }) => (
  <div><div className="vp-number">{value.toLocaleString()}</div>{to ? <Link to={to}>{label}</Link> : label}</div>
);
/** What a list leaves out, with where all of it is. */
const More = ({ of, shown, text, to }: { of: number; shown: number; text: (count: number) => string; to: string }) => (of > shown ? <li><Link to={to}>{text(of - shown)}</Link></li> : null);
const Pair = ({ term, children }: { term: string; children: ReactNode }) => (
  <DescriptionListGroup><DescriptionListTerm>{term}</DescriptionListTerm><DescriptionListDescription>{children}</DescriptionListDescription></DescriptionListGroup>
);
