import { Checkbox, FormGroup, Radio, SearchInput } from '@patternfly/react-core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { client, page, type Schemas } from '../api/client';
import { t } from '../strings';

/** Which machines: guid → name. Those that are chosen stay so while others are looked for. */
export type Chosen = Map<string, string>;

/** The first machines by name that are there, and how many there are. */
const useMachines = (filter: string) => useQuery({
  queryKey: ['virtual-machines', 'to choose', filter], placeholderData: keepPreviousData,
  queryFn: () => page(client.GET('/api/virtual-machines', { params: { query: { page: 0, size: 20, present: true, orderBy: 'name', ...(filter && { filter }) } } })),
});

export function MachineChooser({ id, chosen, change }: { id: string; chosen: Chosen; change: (chosen: Chosen) => void }) {
  const [filter, setFilter] = useState('');
  const machines = useMachines(filter);
  const set = (guid: string, name: string, on: boolean) => {
    const next = new Map(chosen);
    if (on) next.set(guid, name);
    else next.delete(guid);
    change(next);
  };
  const shown = machines.data?.rows ?? [];
  const elsewhere = [...chosen].filter(([guid]) => !shown.some((machine) => machine.guid === guid));
  return (
    <FormGroup role="group" label={t.policies.chosen(chosen.size)} fieldId={id}>
      <div className="vp-choosing">
        <SearchInput aria-label={t.filterByName} placeholder={t.filterByName} value={filter} onChange={(_, value) => setFilter(value)} onClear={() => setFilter('')} />
        {!filter && elsewhere.slice(0, 20).map(([guid, name]) => <Checkbox key={guid} id={`${id}-${guid}`} label={name} isChecked onChange={() => set(guid, name, false)} />)}
        {shown.map((machine) => <Checkbox key={machine.guid} id={`${id}-${machine.guid}`} label={machine.name} isChecked={chosen.has(machine.guid)} onChange={(_, on) => set(machine.guid, machine.name, on)} />)}
        {machines.data && machines.data.total === 0 && <p>{t.noMatches}</p>}
        {machines.data && machines.data.total > shown.length && <small>{t.policies.more(machines.data.total - shown.length)}</small>}
      </div>
    </FormGroup>
  );
}

/** One machine of this appliance. */
export function OneMachine({ id, label, without, chosen, choose }: { id: string; label: string; without?: string; chosen: string | undefined; choose: (machine: Schemas['Machine']) => void }) {
  const [filter, setFilter] = useState('');
  const machines = useMachines(filter);
  const shown = (machines.data?.rows ?? []).filter((machine) => machine.guid !== without && !machine.appliance);
  return (
    <FormGroup role="radiogroup" label={label} fieldId={id} isRequired>
      <div className="vp-choosing">
        <SearchInput aria-label={t.filterByName} placeholder={t.filterByName} value={filter} onChange={(_, value) => setFilter(value)} onClear={() => setFilter('')} />
        {shown.map((machine) => <Radio key={machine.guid} id={`${id}-${machine.guid}`} name={id} label={machine.name} description={machine.hypervisor?.name} isChecked={machine.guid === chosen} onChange={() => choose(machine)} />)}
        {machines.data && shown.length === 0 && <p>{t.noMatches}</p>}
        {machines.data && machines.data.total > machines.data.rows.length && <small>{t.policies.more(machines.data.total - machines.data.rows.length)}</small>}
      </div>
    </FormGroup>
  );
}
