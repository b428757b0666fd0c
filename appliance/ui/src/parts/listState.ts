/** Where a list stands: page from 0, rows of a page, text in the name, order, and what else is asked for. */
export type ListState = { page: number; size: number; filter: string; orderBy?: string; direction: 'asc' | 'desc'; extra: Record<string, string> };

const own = new Set(['page', 'size', 'filter', 'orderBy', 'direction', 'tab']);
const whole = (text: string | null, min: number, max: number, otherwise: number) => {
  const value = Number(text ?? NaN);
  return Number.isInteger(value) && value >= min && value <= max ? value : otherwise;
};

export function readListState(params: URLSearchParams): ListState {
  return {
    page: whole(params.get('page'), 0, 1e6, 0), size: whole(params.get('size'), 1, 1000, 20), filter: params.get('filter') ?? '', orderBy: params.get('orderBy') ?? undefined,
    direction: params.get('direction') === 'desc' ? 'desc' : 'asc', extra: Object.fromEntries([...params].filter(([name]) => !own.has(name))),
  };
}

/** What differs from how a list begins, so that addresses stay short. */
export function writeListState(state: ListState): URLSearchParams {
  const params = new URLSearchParams(Object.entries(state.extra).filter(([, value]) => value !== ''));
  if (state.page > 0) params.set('page', String(state.page));
  if (state.size !== 20) params.set('size', String(state.size));
  if (state.filter) params.set('filter', state.filter);
  if (state.orderBy) {
    params.set('orderBy', state.orderBy);
    params.set('direction', state.direction);
  }
  return params;
}

/** As the API takes it. */
export const listQuery = (state: ListState) => ({
  page: state.page, size: state.size, ...(state.filter && { filter: state.filter }), ...(state.orderBy && { orderBy: state.orderBy, direction: state.direction }),
});
