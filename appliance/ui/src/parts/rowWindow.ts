/** Which rows of a long list are drawn: those in sight and some around them; `before` and `after` are the pixels of what is not. */
export function rowWindow(count: number, rowPixels: number, scrolled: number, heightPixels: number, around = 12): { from: number; to: number; before: number; after: number } {
  const first = Math.min(Math.max(0, Math.floor(scrolled / rowPixels)), Math.max(0, count - 1));
  const from = Math.max(0, first - around);
  const to = Math.min(count, first + Math.ceil(heightPixels / rowPixels) + around);
  return { from, to, before: from * rowPixels, after: (count - to) * rowPixels };
}
