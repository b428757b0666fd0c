import { Button, Checkbox, Form, FormGroup, FormSelect, FormSelectOption, Modal, ModalBody, ModalFooter, ModalHeader, NumberInput, SearchInput, TextInput } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { body, client, page } from '../api/client';
import { dailyAt } from '../format/daily';
import { t } from '../strings';
import { Failure } from './parts';

/** Makes a policy with one rule and a daily schedule: which machines, where to, when, and what is kept. */
export function PolicyDialog({ close }: { close: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [destination, setDestination] = useState('');
  const [at, setAt] = useState('01:00');
  const [keep, setKeep] = useState({ keepDaily: 14, keepWeekly: 8, keepMonthly: 12 });
  const [filter, setFilter] = useState('');
  const [chosen, setChosen] = useState<Map<string, string>>(new Map());
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const [made, setMade] = useState<string>();
  const destinations = useQuery({ queryKey: ['backup-destinations', 'all'], queryFn: () => body(client.GET('/api/backup-destinations')) });
  const machines = useQuery({
    queryKey: ['virtual-machines', 'to choose', filter],
    queryFn: () => page(client.GET('/api/virtual-machines', { params: { query: { page: 0, size: 20, present: true, ...(filter && { filter }) } } })),
  });
  const to = destination || (destinations.data?.find((one) => one.defaultBackupDestination) ?? destinations.data?.[0])?.guid || '';
  const schedule = dailyAt(at);
  const isReady = name.trim() !== '' && to !== '' && schedule !== undefined;
  const submit = async () => {
    setBusy(true);
    setError(undefined);
    try {
      // A try that came half way goes on with the policy that it made.
      const policy = made ?? (await body(client.POST('/api/policies/vm-backup', {
        body: {
          name, timeZone: schedule!.timeZone, vms: [...chosen.keys()].map((guid) => ({ guid })),
          rules: [{ name, ruleBackupDestinations: { primaryBackupDestination: { backupDestination: { guid: to }, backupRetentionSettings: keep } } }],
        },
      }))).guid;
      setMade(policy);
      const { rules } = await body(client.GET('/api/policies/vm-backup/{guid}', { params: { path: { guid: policy } } }));
      await body(client.POST('/api/schedules', { body: { name, type: 'VM_BACKUP', backupType: 'INCREMENTAL', executionType: 'TIME', ...schedule, rules: [{ guid: rules[0].guid }] } }));
      await queries.invalidateQueries();
      close();
    } catch (failed) {
      setError(failed);
      setBusy(false);
    }
  };
  return (
    <Modal isOpen variant="medium" onClose={close} aria-labelledby="policy-title">
      <ModalHeader title={t.policies.add} labelId="policy-title" />
      <ModalBody tabIndex={0} aria-label={t.policies.add}>
        <Form onSubmit={(event) => event.preventDefault()}>
          {error ? <Failure error={error} /> : null}
          <FormGroup label={t.policies.name} fieldId="policy-name" isRequired><TextInput id="policy-name" value={name} isDisabled={made !== undefined} onChange={(_, value) => setName(value)} /></FormGroup>
          <FormGroup label={t.policies.destination} fieldId="policy-destination">
            <FormSelect id="policy-destination" value={to} onChange={(_, value) => setDestination(value)}>{(destinations.data ?? []).map((one) => <FormSelectOption key={one.guid} value={one.guid} label={one.name} />)}</FormSelect>
          </FormGroup>
          <FormGroup label={t.policies.daily} fieldId="policy-at"><TextInput id="policy-at" type="time" value={at} onChange={(_, value) => setAt(value)} /></FormGroup>
          {(['keepDaily', 'keepWeekly', 'keepMonthly'] as const).map((field) => (
            <FormGroup key={field} label={t.policies[field]} fieldId={`policy-${field}`}>
              <NumberInput inputProps={{ id: `policy-${field}` }} inputAriaLabel={t.policies[field]} minusBtnAriaLabel={`${t.policies[field]} −`} plusBtnAriaLabel={`${t.policies[field]} +`} min={0} value={keep[field]}
                onMinus={() => setKeep({ ...keep, [field]: Math.max(0, keep[field] - 1) })} onPlus={() => setKeep({ ...keep, [field]: keep[field] + 1 })}
                onChange={(event) => setKeep({ ...keep, [field]: Math.max(0, Math.floor(Number((event.target as HTMLInputElement).value)) || 0) })} />
            </FormGroup>
          ))}
          <FormGroup role="group" label={t.policies.chosen(chosen.size)} fieldId="policy-machines">
            <SearchInput aria-label={t.filterByName} placeholder={t.filterByName} value={filter} onChange={(_, value) => setFilter(value)} onClear={() => setFilter('')} />
            {(machines.data?.rows ?? []).map((machine) => (
              <Checkbox key={machine.guid} id={`policy-${machine.guid}`} label={machine.name} isChecked={chosen.has(machine.guid)} onChange={(_, on) => {
                const next = new Map(chosen);
                if (on) next.set(machine.guid, machine.name);
                else next.delete(machine.guid);
                setChosen(next);
              }} />
            ))}
            {machines.data && machines.data.total > machines.data.rows.length && <small>{t.policies.more(machines.data.total - machines.data.rows.length)}</small>}
          </FormGroup>
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button isDisabled={!isReady || busy} isLoading={busy} onClick={() => void submit()}>{t.add}</Button>
        <Button variant="link" onClick={close}>{t.cancel}</Button>
      </ModalFooter>
    </Modal>
  );
}
