import { Button, Checkbox, EmptyState, EmptyStateActions, EmptyStateBody, Pagination, SearchInput, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { useSearchParams } from 'react-router';
import { t } from '../strings';
import { type ListState, readListState, writeListState } from './listState';
import { Failure, Loading } from './parts';

export type Column<Row> = { label: string; sort?: string; cell: (row: Row) => ReactNode };

/** A list that the server filters, sorts and pages; where it stands is in the address. Rows that are chosen stay so on other pages. */
export function ListTable<Row extends { guid: string }>({ label, name, columns, read, filters, rowActions, choosing, empty, filterable = true }: {
  label: string; name: string; columns: Column<Row>[]; read: (state: ListState) => Promise<{ rows: Row[]; total: number }>;
  filters?: (state: ListState, change: (part: Partial<ListState>) => void) => ReactNode; rowActions?: (row: Row) => ReactNode;
  choosing?: { nameOf: (row: Row) => string; isChoosable: (row: Row) => boolean; actions: (chosen: Row[], done: () => void) => ReactNode }; empty?: ReactNode; filterable?: boolean;
}) {
  const [params, setParams] = useSearchParams();
  const state = readListState(params);
  const change = (part: Partial<ListState>) => {
    const next = writeListState({ ...state, page: 0, ...part });
    if (params.has('tab')) next.set('tab', params.get('tab')!);
    setParams(next, { replace: true });
  };
  const list = useQuery({ queryKey: [name, 'list', state], queryFn: () => read(state), placeholderData: keepPreviousData });
  const [text, setText] = useState(state.filter);
  useEffect(() => {
    if (text === state.filter) return;
    const timer = window.setTimeout(() => change({ filter: text }), 250);
    return () => window.clearTimeout(timer);
  });
  const [chosen, setChosen] = useState<ReadonlyMap<string, Row>>(new Map());
  const choose = (rows: Row[], on: boolean) => setChosen((before) => {
    const next = new Map(before);
    for (const row of rows) if (on) next.set(row.guid, row); else next.delete(row.guid);
    return next;
  });
  const isChosen = (row: Row) => chosen.has(row.guid);
  const choosable = list.data && choosing ? list.data.rows.filter(choosing.isChoosable) : [];
  const none = () => setChosen(new Map());
  const total = list.data?.total ?? 0;
  const pages = (
    <Pagination itemCount={total} page={state.page + 1} perPage={state.size} isCompact titles={{ paginationAriaLabel: t.pagination }}
      onSetPage={(_, page) => change({ page: page - 1 })} onPerPageSelect={(_, size) => change({ size })} />
  );
  const sorted = columns.findIndex((column) => column.sort === state.orderBy);
  const isFiltered = state.filter !== '' || Object.keys(state.extra).length > 0;
  return (
    <>
      <Toolbar>
        <ToolbarContent>
          {filterable && <ToolbarItem><SearchInput aria-label={t.filterByName} placeholder={t.filterByName} value={text} onChange={(_, value) => setText(value)} onClear={() => setText('')} /></ToolbarItem>}
          {filters && <ToolbarItem className="vp-row">{filters(state, change)}</ToolbarItem>}
          {choosing && (
            <ToolbarItem className="vp-row" aria-live="polite">
              {chosen.size > 0 && <>{t.chosen(chosen.size)}{choosing.actions([...chosen.values()], none)}<Button variant="link" onClick={none}>{t.chooseNone}</Button></>}
            </ToolbarItem>
          )}
          {total > 0 && <ToolbarItem variant="pagination" align={{ default: 'alignEnd' }}>{pages}</ToolbarItem>}
        </ToolbarContent>
      </Toolbar>
      {list.isError && <Failure error={list.error} retry={() => void list.refetch()} />}
      {list.isPending && <Loading />}
      {list.data && total === 0 && (
        <EmptyState titleText={isFiltered ? t.noMatches : t.nothingYet} headingLevel="h2">
          <EmptyStateBody>{!isFiltered && empty}</EmptyStateBody>
          {isFiltered && <EmptyStateActions><Button variant="link" onClick={() => { setText(''); change({ filter: '', extra: {} }); }}>{t.clearFilters}</Button></EmptyStateActions>}
        </EmptyState>
      )}
      {list.data && total > 0 && (
        <div className="vp-wide">
          <Table aria-label={label} variant="compact" role="table">
            <Thead>
              <Tr>
                {choosing && <Th className="vp-check"><Checkbox id="list-all" aria-label={t.chooseShown} isDisabled={choosable.length === 0} isChecked={choosable.length > 0 && choosable.every(isChosen)} onChange={(_, on) => choose(choosable, on)} /></Th>}
                {columns.map((column, index) => (
                  <Th key={column.label} modifier="nowrap" sort={column.sort ? {
                    columnIndex: index, sortBy: { index: sorted < 0 ? undefined : sorted, direction: state.direction },
                    onSort: (_, __, direction) => change({ orderBy: column.sort!, direction }),
                  } : undefined}>{column.label}</Th>
                ))}
                {rowActions && <Th screenReaderText={t.actions} />}
              </Tr>
            </Thead>
            <Tbody>
              {list.data.rows.map((row) => (
                <Tr key={row.guid}>
                  {choosing && <Td className="vp-check"><Checkbox id={`list-${row.guid}`} aria-label={t.files.select(choosing.nameOf(row))} isDisabled={!choosing.isChoosable(row)} isChecked={isChosen(row)} onChange={(_, on) => choose([row], on)} /></Td>}
                  {columns.map((column) => <Td key={column.label} dataLabel={column.label}>{column.cell(row)}</Td>)}
                  {rowActions && <Td isActionCell><div className="vp-row-actions">{rowActions(row)}</div></Td>}
                </Tr>
              ))}
            </Tbody>
          </Table>
        </div>
      )}
    </>
  );
}
