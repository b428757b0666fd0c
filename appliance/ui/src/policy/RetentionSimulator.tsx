import { Button, Form, Label } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { body, client } from '../api/client';
import { size, time } from '../format/format';
import { Choice, Moment } from '../parts/fields';
import { Failure } from '../parts/parts';
import { type PolicyForm, retention } from '../parts/policyForm';
import { t } from '../strings';

const s = t.plans.simulate;

/** What retention would make of a machine's restore points with the settings of the form, at any time. */
export function RetentionSimulator({ form }: { form: PolicyForm }) {
  const machines = [...form.machines];
  const [machine, setMachine] = useState(machines[0]?.[0] ?? '');
  const [at, setAt] = useState<number | null>(Date.now());
  const simulation = useMutation({ mutationFn: () => body(client.POST('/api/retention/simulate', {
    body: { protectedEntity: { guid: machine }, at: at!, timeZone: form.timeZone, backupRetentionSettings: retention(form.rules[0].primary.keep) },
  })) });
  const points = simulation.data ?? [];
  const kept = points.filter((point) => point.keep).length;
  if (machines.length === 0) return <p>{s.noMachines}</p>;
  return (
    <div className="vp-stack">
      <p>{s.what}</p>
      <Form maxWidth="44rem" onSubmit={(event) => { event.preventDefault(); simulation.mutate(); }}>
        <Choice id="simulate-machine" label={s.machine} value={machine} change={setMachine} options={machines} />
        <Moment id="simulate-at" label={s.at} value={at} change={setAt} />
        <div><Button type="submit" isLoading={simulation.isPending} isDisabled={at === null || machine === '' || form.rules.length === 0}>{s.run}</Button></div>
      </Form>
      {simulation.isError && <Failure error={simulation.error} />}
      {simulation.data && (points.length === 0 ? <p>{s.noPoints}</p> : (
        <>
          <p role="status">{s.summary(kept, points.length - kept)}</p>
          <div className="vp-wide">
            <Table aria-label={t.plans.policy.retention} variant="compact" role="table">
              <Thead><Tr><Th>{s.time}</Th><Th>{s.size}</Th><Th>{s.keep}</Th><Th>{s.why}</Th></Tr></Thead>
              <Tbody>
                {points.map(({ backup, keep, reason }) => (
                  <Tr key={backup.guid}><Td>{time(backup.snapshotTime ?? backup.backupTime)}</Td><Td>{size(backup.size)}</Td><Td><Label isCompact color={keep ? 'green' : 'orange'}>{keep ? s.keep : s.goes}</Label></Td><Td>{s.reasons[reason.name] ?? reason.name}</Td></Tr>
                ))}
              </Tbody>
            </Table>
          </div>
        </>
      ))}
    </div>
  );
}
