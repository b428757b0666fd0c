import { Card, CardBody, CardTitle } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { body, client, type Schemas } from '../api/client';
import { duration, rate, size, time } from '../format/format';
import { Failure, Loading } from '../parts/parts';
import { t } from '../strings';
import { heights, places } from './bars';

type Backup = Schemas['Backup'];
const shown = 100;
const instant = (backup: Backup) => backup.snapshotTime ?? backup.backupTime;
const took = (backup: Backup) => (backup.finishTime ? backup.finishTime - backup.backupTime : 0);

/** The newest good backups of a machine, oldest first. */
export function useGoodBackups(machine: string) {
  const found = useQuery({
    queryKey: ['backups', 'history', machine],
    queryFn: () => body(client.GET('/api/backups', { params: { query: { 'protected-entity': machine, page: 0, size: shown } } })),
  });
  return { ...found, backups: (found.data ?? []).filter((backup) => backup.status.name === 'SUCCESS').reverse() };
}

/** Restore points on a line of time: how much each had changed, and how large it is. */
export function TimeLine({ machine }: { machine: string }) {
  const { backups } = useGoodBackups(machine);
  if (backups.length < 2) return null;
  const high = heights(backups.map((backup) => Math.sqrt(backup.transferSize)));
  const at = places(backups.map(instant));
  return (
    <figure className="vp-chart">
      <svg viewBox="0 0 1000 90" preserveAspectRatio="none" role="img" aria-label={t.history.lineOf(backups.length, time(instant(backups[0])), time(instant(backups[backups.length - 1])))}>
        <line x1="0" y1="80" x2="1000" y2="80" className="vp-axis" />
        {backups.map((backup, index) => (
          <rect key={backup.guid} x={10 + at[index] * 970} y={78 - Math.max(4, high[index] * 74)} width="10" height={Math.max(4, high[index] * 74)} className={backup.type.name === 'FULL' ? 'vp-column-full' : 'vp-column'}>
            <title>{t.history.point(time(instant(backup)), size(backup.size), size(backup.transferSize))}</title>
          </rect>
        ))}
      </svg>
      <figcaption><span>{time(instant(backups[0]))}</span><span className="vp-legend"><Sample fill="vp-column-full">{t.history.full}</Sample><Sample fill="vp-column">{t.history.incremental}</Sample><span>{t.history.higher}</span></span><span>{time(instant(backups[backups.length - 1]))}</span></figcaption>
    </figure>
  );
}

function Sample({ fill, children }: { fill: string; children: string }) {
  return <span><svg viewBox="0 0 1 1" aria-hidden><rect width="1" height="1" className={fill} /></svg>{children}</span>;
}

/** How large backups were, how long they took, how fast they were. */
export function History({ machine }: { machine: string }) {
  const { backups, isPending, isError, error, refetch } = useGoodBackups(machine);
  if (isPending) return <Loading />;
  if (isError) return <Failure error={error} retry={() => void refetch()} />;
  if (backups.length === 0) return <p>{t.nothingYet}</p>;
  const charts: [title: string, of: (backup: Backup) => number, shows: (value: number) => string][] = [
    [t.history.read, (backup) => backup.transferSize, size], [t.history.stored, (backup) => backup.storedSize, size],
    [t.history.duration, took, duration], [t.history.rate, (backup) => (took(backup) > 0 ? (backup.transferSize / took(backup)) * 1000 : 0), rate],
  ];
  return <div className="vp-grid">{charts.map(([title, of, shows]) => <Chart key={title} title={title} backups={backups} of={of} shows={shows} />)}</div>;
}

function Chart({ title, backups, of, shows }: { title: string; backups: Backup[]; of: (backup: Backup) => number; shows: (value: number) => string }) {
  const values = backups.map(of);
  const high = heights(values);
  const wide = 1000 / Math.max(10, backups.length);
  const last = values[values.length - 1];
  const most = Math.max(...values);
  return (
    <Card isCompact>
      <CardTitle component="h2">{title}</CardTitle>
      <CardBody>
        <figure className="vp-chart">
          <svg viewBox="0 0 1000 200" preserveAspectRatio="none" role="img" aria-label={t.history.chartOf(title, backups.length, shows(last), shows(most))}>
            <line x1="0" y1="198" x2="1000" y2="198" className="vp-axis" />
            {backups.map((backup, index) => (
              <rect key={backup.guid} x={index * wide + wide * 0.1} y={196 - high[index] * 190} width={wide * 0.8} height={high[index] * 190} className="vp-column"><title>{`${time(instant(backup))}: ${shows(values[index])}`}</title></rect>
            ))}
          </svg>
          <figcaption><span>{t.history.newest(shows(last))}</span><span>{t.history.most(shows(most))}</span></figcaption>
        </figure>
      </CardBody>
    </Card>
  );
}
