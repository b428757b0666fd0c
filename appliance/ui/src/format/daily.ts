const minute = 60_000;

/** "HH:MM" → milliseconds after midnight; undefined when it is no time of day. */
export function ofTime(text: string): number | undefined {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  return match ? (Number(match[1]) * 60 + Number(match[2])) * minute : undefined;
}

/** Milliseconds after midnight → "HH:MM". */
export const asTime = (hour: number) => `${String(Math.floor(hour / (60 * minute)) % 24).padStart(2, '0')}:${String(Math.floor(hour / minute) % 60).padStart(2, '0')}`;

export const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** "HH:MM" in this browser's zone as a schedule has it; undefined when it is no time of day. */
export function dailyAt(text: string): { hour: number; timeZone: string } | undefined {
  const hour = ofTime(text);
  return hour === undefined ? undefined : { hour, timeZone: ownZone() };
}
