import { ExpandableSection } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { body, client } from '../api/client';
import { dailyAt } from '../format/daily';
import { Choice, Text } from '../parts/fields';
import { type Chosen, MachineChooser } from '../parts/MachineChooser';
import { keepDefault, makeDailyPolicy, vmsOf } from '../parts/plan';
import { TimeOfDay, Whole } from '../parts/planFields';
import { t } from '../strings';
import { StepForm } from './StepForm';

const s = t.plans.setup;
const chosenAtFirst = 20;

/** Which machines, and what happens to them: a new policy with sane defaults, or one that is there. Few machines are all chosen at first. */
export function PolicyStep({ destination, machines }: { destination: string; machines: number }) {
  const queries = useQueryClient();
  const [chosen, setChosen] = useState<Chosen>();
  const [which, setWhich] = useState('');
  const [name, setName] = useState('daily');
  const [at, setAt] = useState<number | null>(3_600_000);
  const [keep, setKeep] = useState(keepDefault);
  const schedule = useRef<{ guid?: string }>({});
  const policies = useQuery({ queryKey: ['policies', 'setup'], queryFn: () => body(client.GET('/api/policies/vm-backup', { params: { query: { page: 0, size: 100 } } })) });
  const first = useQuery({ queryKey: ['virtual-machines', 'all at first'], queryFn: () => body(client.GET('/api/virtual-machines', { params: { query: { page: 0, size: chosenAtFirst, present: true } } })) });
  useEffect(() => {
    if (!chosen && first.data) setChosen(new Map(machines <= chosenAtFirst ? first.data.map((machine) => [machine.guid, machine.name]) : []));
  }, [chosen, first.data, machines]);
  const found = chosen ?? new Map<string, string>();
  const isReady = found.size > 0 && (which !== '' || (name.trim() !== '' && at !== null));
  return (
    <StepForm action={which ? s.usePolicy : s.makePolicy} isReady={isReady} act={async () => {
      if (which) await body(client.PUT('/api/policies/vm-backup/{guid}', { params: { path: { guid: which } }, body: { vms: vmsOf(found) } }));
      else await makeDailyPolicy({ name: name.trim(), chosen: found, destination, daily: { ...dailyAt('00:00')!, hour: at! }, keep, schedule: schedule.current });
      await queries.invalidateQueries({ queryKey: ['policies'] });
    }}>
      <MachineChooser id="setup-machines" chosen={found} change={setChosen} />
      {(policies.data ?? []).length > 0 && <Choice id="setup-policy" label={s.which} value={which} change={setWhich} options={[['', s.newPolicy], ...policies.data!.map((policy): [string, string] => [policy.guid, policy.name])]} />}
      {!which && (
        <>
          <TimeOfDay id="setup-at" label={t.policies.daily} value={at} change={setAt} />
          <ExpandableSection toggleText={s.kept} isIndented>
            <div className="vp-stack">
              <Text id="setup-policy-name" label={s.policyName} value={name} change={setName} />
              {(['keepDaily', 'keepWeekly', 'keepMonthly'] as const).map((field) => <Whole key={field} id={`setup-${field}`} label={t.policies[field]} value={keep[field]} max={10_000} change={(value) => setKeep({ ...keep, [field]: value })} />)}
            </div>
          </ExpandableSection>
        </>
      )}
    </StepForm>
  );
}
