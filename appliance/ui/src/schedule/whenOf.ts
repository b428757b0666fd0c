import type { Schemas } from '../api/client';
import { asTime } from '../format/daily';
import { duration } from '../format/format';
import { t } from '../strings';

const s = t.plans.schedules;

/** A schedule's times in words: "01:00, Monday, Friday (Europe/Berlin)". */
export function whenOf({ executionType, hour, interval, cron, daysOfWeek, dayOfWeekOccurrences, months, timeZone }: Pick<Schemas['Schedule'], 'executionType' | 'hour' | 'interval' | 'cron' | 'daysOfWeek' | 'dayOfWeekOccurrences' | 'months' | 'timeZone'>): string {
  const times = executionType.name === 'CRON' ? cron ?? ''
    : executionType.name === 'INTERVAL' ? s.everyTime(duration(interval?.frequency), asTime(interval?.startHour ?? 0), asTime(interval?.endHour ?? 0)) : asTime(hour ?? 0);
  const parts = [times, dayOfWeekOccurrences.map((one) => s.occurrenceNames[one.name]).join(', '), daysOfWeek.map((day) => s.dayNames[day.name]).join(', '), months.map((month) => monthName(month.name)).join(', ')];
  return `${parts.filter((part) => part !== '').join(', ')} (${timeZone})`;
}

export const monthNames = ['JANUARY', 'FEBRUARY', 'MARCH', 'APRIL', 'MAY', 'JUNE', 'JULY', 'AUGUST', 'SEPTEMBER', 'OCTOBER', 'NOVEMBER', 'DECEMBER'] as const;
const monthFormat = new Intl.DateTimeFormat('en', { month: 'long' });
export const monthName = (name: (typeof monthNames)[number]) => monthFormat.format(new Date(2026, monthNames.indexOf(name), 1));
