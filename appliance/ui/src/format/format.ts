// Sizes, rates, durations and times as people read them. Times are shown in the browser's zone.
const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/** Bytes with three digits and a binary unit. */
export function size(bytes: number | null | undefined): string {
  if (bytes == null) return '–';
  let unit = 0;
  let value = bytes;
  while (Math.abs(value) >= 1023.5 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)}\u00a0${units[unit]}`;
}

export const rate = (bytesPerSecond: number) => `${size(bytesPerSecond)}/s`;

/** Milliseconds as the two largest units. */
export function duration(ms: number | null | undefined): string {
  if (ms == null) return '–';
  if (ms > 0 && ms < 1000) return '< 1 s';
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  const days = Math.floor(hours / 24);
  return hours % 24 ? `${days} d ${hours % 24} h` : `${days} d`;
}

/** How long ago, or in how long. */
export function relative(at: number, now: number): string {
  const gap = Math.abs(now - at);
  if (gap < 45_000) return at <= now ? 'just now' : 'in a moment';
  const rough = duration(gap < 3_600_000 ? Math.round(gap / 60_000) * 60_000 : gap < 86_400_000 ? Math.round(gap / 3_600_000) * 3_600_000 : Math.round(gap / 86_400_000) * 86_400_000);
  return at <= now ? `${rough} ago` : `in ${rough}`;
}

const whole = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
export const time = (at: number | null | undefined) => (at == null ? '–' : whole.format(at));

/** How much smaller what is stored is than what it shows. */
export const ratio = (logical: number, stored: number) => (stored > 0 && logical > 0 ? `${(logical / stored).toFixed(1)} : 1` : '–');
