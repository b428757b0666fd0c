import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { body, client, type Schemas } from '../api/client';
import { byDay } from '../format/calendar';
import { Failure, Loading } from '../parts/parts';
import { t } from '../strings';

const s = t.plans.schedules;
const days = 28;
const shownOfDay = 6;
const toldMax = 10_000; // The server tells no more runs.
const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric', month: 'short' });
const timeFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

type Start = { key: string; at: number; name: string; machines: number };

/** What would begin by itself in the next four weeks, a day in each cell. */
export function RunCalendar() {
  const [now] = useState(() => Date.now());
  const runs = useQuery({ queryKey: ['schedules', 'calendar', now], queryFn: () => body(client.GET('/api/schedules/forecast', { params: { query: { until: now + days * 86_400_000 } } })) });
  if (runs.isError) return <Failure error={runs.error} retry={() => void runs.refetch()} />;
  if (runs.isPending) return <Loading />;
  const starts = startsOf(runs.data);
  return (
    <>
      <p className="vp-about">{starts.length === 0 ? s.nothing : s.shown} {runs.data.length >= toldMax && s.cut}</p>
      <ol className="vp-calendar" aria-label={s.calendar}>
        {byDay(starts, (start) => start.at, now, days).map(({ date, isToday, items }) => (
          <li key={date.toDateString()} className={isToday ? 'vp-day vp-today' : 'vp-day'} aria-current={isToday ? 'date' : undefined}>
            <strong>{dayFormat.format(date)}</strong>
            <ul>
              {items.slice(0, shownOfDay).map((start) => <li key={start.key}>{timeFormat.format(start.at)} {start.name} <small>{s.machines(start.machines)}</small></li>)}
              {items.length > shownOfDay && <li><small>{s.more(items.length - shownOfDay)}</small></li>}
            </ul>
          </li>
        ))}
      </ol>
    </>
  );
}

/** Runs of one schedule for one policy at one time are one start. */
function startsOf(runs: Schemas['Forecast'][]): Start[] {
  const all = new Map<string, Start>();
  for (const run of runs) {
    const key = `${run.at} ${run.schedule?.guid} ${run.policy?.guid}`;
    const start = all.get(key) ?? { key, at: run.at, name: run.policy?.name ?? '', machines: 0 };
    start.machines++;
    all.set(key, start);
  }
  return [...all.values()];
}
