/** Heights for a chart of bars: of 1 for the largest, with nothing below 0; all 0 when all are. */
export function heights(values: number[]): number[] {
  const max = Math.max(0, ...values);
  return values.map((value) => (max > 0 ? Math.max(0, value) / max : 0));
}

/** Where moments lie between the first and the last, from 0 to 1; one alone lies in the middle. */
export function places(moments: number[]): number[] {
  const first = Math.min(...moments);
  const span = Math.max(...moments) - first;
  return moments.map((moment) => (span > 0 ? (moment - first) / span : 0.5));
}

/** Milliseconds that reading so many bytes will take by what earlier work did, or undefined when none tells: the median of its rates, so that one slow night does not count. */
export function estimateMs(bytes: number, done: { bytes: number; ms: number }[]): number | undefined {
  const rates = done.filter((one) => one.bytes > 0 && one.ms > 0).map((one) => one.bytes / one.ms).sort((a, b) => a - b);
  return rates.length === 0 ? undefined : bytes / rates[Math.floor(rates.length / 2)];
}
