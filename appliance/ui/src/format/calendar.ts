/** A day of a calendar, in the browser's zone. */
export type Day<Item> = { date: Date; isToday: boolean; items: Item[] };

/** Items by day: the `days` days from that of `from` on, each with its items in order; what is at no such day is left out. */
export function byDay<Item>(items: Item[], at: (item: Item) => number, from: number, days: number): Day<Item>[] {
  const first = new Date(from);
  const all: Day<Item>[] = [];
  const index = new Map<string, Day<Item>>();
  for (let i = 0; i < days; i++) {
    const date = new Date(first.getFullYear(), first.getMonth(), first.getDate() + i);
    const day: Day<Item> = { date, isToday: i === 0, items: [] };
    all.push(day);
    index.set(date.toDateString(), day);
  }
  for (const item of [...items].sort((a, b) => at(a) - at(b))) index.get(new Date(at(item)).toDateString())?.items.push(item);
  return all;
}
