/** "HH:MM" in this browser's zone as a schedule has it; undefined when it is no time of day. */
export function dailyAt(text: string): { hour: number; timeZone: string } | undefined {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  return match ? { hour: (Number(match[1]) * 60 + Number(match[2])) * 60_000, timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone } : undefined;
}
