import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import type { ReactNode } from 'react';
import { t } from '../strings';

/** A few rows that are all at hand. On paper and on narrow screens it stays a table. */
export function PlainTable({ label, heads, rows, none = t.plans.reports.nothing }: { label: string; heads: string[]; rows: { key: string; cells: ReactNode[]; actions?: ReactNode }[]; none?: string }) {
  if (rows.length === 0) return <p>{none}</p>;
  const hasActions = rows.some((row) => row.actions);
  return (
    <div className="vp-wide">
      <Table aria-label={label} variant="compact" role="table" gridBreakPoint="">
        <Thead><Tr>{heads.map((head) => <Th key={head} modifier="wrap">{head}</Th>)}{hasActions && <Th screenReaderText={t.actions} />}</Tr></Thead>
        <Tbody>
          {rows.map((row) => (
            <Tr key={row.key}>
              {row.cells.map((cell, index) => <Td key={heads[index]} dataLabel={heads[index]}>{cell}</Td>)}
              {hasActions && <Td isActionCell><div className="vp-row-actions">{row.actions}</div></Td>}
            </Tr>
          ))}
        </Tbody>
      </Table>
    </div>
  );
}
