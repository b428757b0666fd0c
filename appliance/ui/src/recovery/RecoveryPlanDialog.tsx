import { Button, FormFieldGroup, FormFieldGroupHeader } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { body, client, type Schemas } from '../api/client';
import { ownZone } from '../format/daily';
import { Dialog } from '../parts/Dialog';
import { Choice, Text } from '../parts/fields';
import { Span, Toggle } from '../parts/planFields';
import { t } from '../strings';

type Plan = Schemas['RecoveryPlan'];
type Step = Schemas['RecoveryStep'];
type StepForm = { key: string; machine: string; host: string; name: string; overwrite: boolean; powerOn: boolean; delay: number; before?: Step };
const r = t.plans.recovery;
const second = 1000;
const anywhere = '00000000-0000-0000-0000-000000000000';

const newStep = (machine = ''): StepForm => ({ key: crypto.randomUUID(), machine, host: '', name: '', overwrite: false, powerOn: true, delay: 0 });
const stepForm = (step: Step): StepForm => ({
  key: crypto.randomUUID(), machine: step.virtualMachine?.guid ?? '', host: step.hypervisor?.guid ?? '', name: step.restoredPeName ?? '', overwrite: step.overwrite ?? false, powerOn: step.powerOnAfterRestore ?? false, delay: step.startDelay ?? 0, before: step,
});
/** What a form does not show of a step stays as it was. */
const request = ({ machine, host, name, overwrite, powerOn, delay, before }: StepForm) => ({
  virtualMachine: { guid: machine }, hypervisor: host ? { guid: host } : null, hypervisorManager: before?.hypervisorManager ?? null, restoreStorageId: before?.restoreStorageId ?? null, restoredNetworks: before?.restoredNetworks ?? null,
  restoredDiskAllocationFormat: before?.restoredDiskAllocationFormat?.name ?? null, restoredPeName: name || null, overwrite, powerOnAfterRestore: powerOn, startDelay: delay,
}) as Schemas['RecoveryStepRequest'];

/** Makes or changes a recovery plan: machines in order, and where each is restored to. */
export function RecoveryPlanDialog({ plan, close }: { plan?: Plan; close: () => void }) {
  const queries = useQueryClient();
  const [form, setForm] = useState(() => ({
    name: plan?.name ?? '', description: plan?.description ?? '', active: plan?.active ?? true, goOn: plan?.continueAfterFailure ?? false, source: plan?.backupDestination?.guid ?? '', cron: plan?.cron ?? '', timeZone: plan?.timeZone ?? ownZone(),
  }));
  const [steps, setSteps] = useState<StepForm[]>(() => (plan ? plan.steps.map(stepForm) : [newStep()]));
  const set = <Name extends keyof typeof form>(name: Name) => (value: (typeof form)[Name]) => setForm({ ...form, [name]: value });
  const machines = useQuery({ queryKey: ['virtual-machines', 'for plans'], queryFn: () => body(client.GET('/api/virtual-machines', { params: { query: { page: 0, size: 1000, orderBy: 'name' } } })) });
  const hosts = useQuery({ queryKey: ['hypervisors', 'for plans'], queryFn: () => body(client.GET('/api/hypervisors', { params: { query: { page: 0, size: 200, orderBy: 'name' } } })) });
  const destinations = useQuery({ queryKey: ['backup-destinations', 'all'], queryFn: () => body(client.GET('/api/backup-destinations')) });
  const change = (key: string, part: Partial<StepForm>) => setSteps((all) => all.map((step) => (step.key === key ? { ...step, ...part } : step)));
  const move = (index: number, by: number) => setSteps((all) => {
    const next = [...all];
    [next[index], next[index + by]] = [next[index + by], next[index]];
    return next;
  });
  const isReady = form.name.trim() !== '' && steps.every((step) => step.machine !== '');
  return (
    <Dialog title={plan ? `${r.edit}: ${plan.name}` : r.add} action={plan ? t.save : t.add} isReady={isReady} isWide close={close} submit={async () => {
      const sent: Schemas['RecoveryPlanRequest'] = {
        name: form.name, description: form.description, active: form.active, continueAfterFailure: form.goOn, cron: form.cron, timeZone: form.timeZone, backupDestination: { guid: form.source || anywhere }, steps: steps.map(request),
      };
      await (plan ? body(client.PUT('/api/recovery-plans/{guid}', { params: { path: { guid: plan.guid } }, body: sent })) : body(client.POST('/api/recovery-plans', { body: sent })));
      await queries.invalidateQueries({ queryKey: ['recovery-plans'] });
    }}>
      <Text id="plan-name" label={r.name} value={form.name} change={set('name')} required />
      <Text id="plan-description" label={r.description} value={form.description} change={set('description')} />
      {steps.map((step, index) => (
        <FormFieldGroup key={step.key} header={<FormFieldGroupHeader titleText={{ text: r.step(index + 1), id: `step-${step.key}` }} actions={
          <>
            {index > 0 && <Button variant="link" aria-label={`${r.up}: ${r.step(index + 1)}`} onClick={() => move(index, -1)}>{r.up}</Button>}
            {index < steps.length - 1 && <Button variant="link" aria-label={`${r.down}: ${r.step(index + 1)}`} onClick={() => move(index, 1)}>{r.down}</Button>}
            {steps.length > 1 && <Button variant="link" isDanger aria-label={`${r.removeStep}: ${r.step(index + 1)}`} onClick={() => setSteps(steps.filter((one) => one.key !== step.key))}>{r.removeStep}</Button>}
          </>} />}>
          <Choice id={`machine-${index}`} label={r.machine} value={step.machine} change={(machine) => change(step.key, { machine })} required options={[['', t.restore.choose], ...(machines.data ?? []).map((one): [string, string] => [one.guid, one.name])]} />
          <Choice id={`host-${index}`} label={r.host} value={step.host} change={(host) => change(step.key, { host })} options={[['', r.itsHost], ...(hosts.data ?? []).map((one): [string, string] => [one.guid, one.name])]} />
          <Toggle id={`overwrite-${index}`} label={r.overwrite} value={step.overwrite} change={(overwrite) => change(step.key, { overwrite })} />
          {!step.overwrite && <Text id={`as-${index}`} label={r.as} value={step.name} change={(name) => change(step.key, { name })} help={r.asHelp} />}
          <Toggle id={`power-${index}`} label={r.powerOn} value={step.powerOn} change={(powerOn) => change(step.key, { powerOn })} />
          <Span id={`delay-${index}`} label={r.delay} value={step.delay} change={(delay) => change(step.key, { delay })} of={second} unit={t.plans.policy.seconds} />
        </FormFieldGroup>
      ))}
      <div><Button variant="secondary" onClick={() => setSteps([...steps, newStep()])}>{r.addStep}</Button></div>
      <Toggle id="plan-on" label={r.goOn} value={form.goOn} change={set('goOn')} />
      <Choice id="plan-source" label={r.source} value={form.source} change={set('source')} options={[['', r.anywhere], ...(destinations.data ?? []).map((one): [string, string] => [one.guid, one.name])]} />
      <Text id="plan-cron" label={r.cron} value={form.cron} change={set('cron')} />
      {form.cron.trim() !== '' && <><Text id="plan-zone" label={r.zone} value={form.timeZone} change={set('timeZone')} /><Toggle id="plan-active" label={r.active} value={form.active} change={set('active')} /></>}
    </Dialog>
  );
}
