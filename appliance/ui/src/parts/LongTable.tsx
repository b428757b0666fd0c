import { Checkbox } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { type ReactNode, useLayoutEffect, useRef, useState } from 'react';
import { t } from '../strings';
import { rowWindow } from './rowWindow';

export type LongColumn<Row> = { key: string; label: string; width?: 10 | 15 | 20 | 25 | 30 | 40 | 50; isSortable?: boolean; cell: (row: Row) => ReactNode };
export type Order = { by: string; direction: 'asc' | 'desc' };

const rowPixels = 40;

/** Any number of rows, all at hand; only those in sight are drawn. Scrolls by itself, by wheel and by keys. */
export function LongTable<Row>({ label, rows, keyOf, columns, order, sort, selectable, selected, select, selectAll, nameOf }: {
  label: string; rows: Row[]; keyOf: (row: Row) => string; columns: LongColumn<Row>[]; order: Order; sort: (order: Order) => void;
  selectable: (row: Row) => boolean; selected: (row: Row) => boolean; select: (row: Row, on: boolean) => void; selectAll: (on: boolean) => void; nameOf: (row: Row) => string;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [scrolled, setScrolled] = useState(0);
  const [height, setHeight] = useState(800);
  useLayoutEffect(() => {
    const watch = new ResizeObserver(() => setHeight(box.current?.clientHeight ?? 800));
    if (box.current) watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  // Another folder begins at its top.
  useLayoutEffect(() => { if (box.current) box.current.scrollTop = 0; }, [rows]);
  const { from, to, before, after } = rowWindow(rows.length, rowPixels, scrolled, height);
  const sorted = columns.findIndex((column) => column.key === order.by);
  return (
    <div className="vp-long" ref={box} tabIndex={0} role="region" aria-label={label} onScroll={(event) => setScrolled(event.currentTarget.scrollTop)}>
      <Table aria-label={label} variant="compact" role="table" aria-rowcount={rows.length + 1} isStickyHeader>
        <Thead>
          <Tr aria-rowindex={1}>
            <Th className="vp-check"><Checkbox id="long-all" aria-label={t.files.selectAll} isDisabled={!rows.some(selectable)} isChecked={rows.some(selectable) && rows.every((row) => !selectable(row) || selected(row))} onChange={(_, on) => selectAll(on)} /></Th>
            {columns.map((column, index) => (
              <Th key={column.key} width={column.width} sort={column.isSortable ? {
                columnIndex: index, sortBy: { index: sorted < 0 ? undefined : sorted, direction: order.direction }, onSort: (_, __, direction) => sort({ by: column.key, direction }),
              } : undefined}>{column.label}</Th>
            ))}
          </Tr>
        </Thead>
        <Tbody>
          {before > 0 && <tr aria-hidden><td colSpan={columns.length + 1} style={{ height: before, padding: 0 }} /></tr>}
          {rows.slice(from, to).map((row, index) => (
            <Tr key={keyOf(row)} aria-rowindex={from + index + 2}>
              <Td className="vp-check"><Checkbox id={`long-${from + index}`} aria-label={t.files.select(nameOf(row))} isDisabled={!selectable(row)} isChecked={selected(row)} onChange={(_, on) => select(row, on)} /></Td>
              {columns.map((column) => <Td key={column.key} dataLabel={column.label}>{column.cell(row)}</Td>)}
            </Tr>
          ))}
          {after > 0 && <tr aria-hidden><td colSpan={columns.length + 1} style={{ height: after, padding: 0 }} /></tr>}
        </Tbody>
      </Table>
    </div>
  );
}
