import { Checkbox, FormGroup, FormHelperText, HelperText, HelperTextItem } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { body, client, type Schemas } from '../api/client';
import { ownZone } from '../format/daily';
import { Dialog } from '../parts/Dialog';
import { Choice, Text } from '../parts/fields';
import { Span, TimeOfDay, Toggle } from '../parts/planFields';
import { t } from '../strings';
import { monthName, monthNames } from './whenOf';

type Schedule = Schemas['Schedule'];
const s = t.plans.schedules;
const hour = 3_600_000;
const minute = 60_000;
const entries = <Name extends string>(names: Record<Name, string>) => Object.entries(names) as [Name, string][];

/** Makes or changes a schedule. */
export function ScheduleDialog({ schedule, close }: { schedule?: Schedule; close: () => void }) {
  const queries = useQueryClient();
  const [form, setForm] = useState(() => ({
    name: schedule?.name ?? '', active: schedule?.active ?? true, type: schedule?.type.name ?? 'VM_BACKUP', backupType: schedule?.backupType.name ?? 'INCREMENTAL', executionType: schedule?.executionType.name ?? 'TIME',
    hour: schedule?.hour ?? hour, from: schedule?.interval?.startHour ?? 0, to: schedule?.interval?.endHour ?? 23 * hour, every: schedule?.interval?.frequency ?? hour, cron: schedule?.cron ?? '0 1 * * *', timeZone: schedule?.timeZone ?? ownZone(),
    window: schedule?.startWindowLength ?? 0, days: (schedule?.daysOfWeek ?? []).map((one) => one.name), occurrences: (schedule?.dayOfWeekOccurrences ?? []).map((one) => one.name), months: (schedule?.months ?? []).map((one) => one.name), rules: (schedule?.rules ?? []).map((one) => one.guid),
  }));
  const set = <Name extends keyof typeof form>(name: Name) => (value: (typeof form)[Name]) => setForm({ ...form, [name]: value });
  const isBackup = form.type === 'VM_BACKUP';
  const policies = useQuery({ queryKey: ['policies', 'rules', isBackup], queryFn: () => body(client.GET(isBackup ? '/api/policies/vm-backup' : '/api/policies/vm-snapshot', { params: { query: { page: 0, size: 200, orderBy: 'name' } } })) });
  const rules = (policies.data ?? []).flatMap((policy) => policy.rules.map((rule): [string, string] => [rule.guid, policy.name === rule.name ? rule.name : `${policy.name}: ${rule.name}`]));
  const request: Schemas['ScheduleRequest'] = {
    name: form.name, active: form.active, type: form.type, backupType: form.backupType, executionType: form.executionType, timeZone: form.timeZone, startWindowLength: form.window, rules: form.rules.map((guid) => ({ guid })),
    ...(form.executionType === 'TIME' && { hour: form.hour }), ...(form.executionType === 'INTERVAL' && { interval: { startHour: form.from, endHour: form.to, frequency: form.every } }), ...(form.executionType === 'CRON'
      ? { cron: form.cron, daysOfWeek: [], dayOfWeekOccurrences: [], months: [] } : { cron: '', daysOfWeek: form.days, dayOfWeekOccurrences: form.occurrences, months: form.months }),
  };
  return (
    <Dialog title={schedule ? `${s.edit}: ${schedule.name}` : s.add} action={schedule ? t.save : t.add} isReady={form.name.trim() !== ''} close={close} submit={async () => {
      await (schedule ? body(client.PUT('/api/schedules/{guid}', { params: { path: { guid: schedule.guid } }, body: request })) : body(client.POST('/api/schedules', { body: request })));
      await Promise.all([queries.invalidateQueries({ queryKey: ['schedules'] }), queries.invalidateQueries({ queryKey: ['policies'] })]);
    }}>
      <Text id="schedule-name" label={s.name} value={form.name} change={set('name')} required />
      <Toggle id="schedule-active" label={s.active} value={form.active} change={set('active')} />
      <Choice id="schedule-type" label={s.type} value={form.type} change={(type) => setForm({ ...form, type: type as typeof form.type, rules: [] })} options={[['VM_BACKUP', s.types.VM_BACKUP], ['VM_SNAPSHOT', s.types.VM_SNAPSHOT]]} />
      {isBackup && <Choice id="schedule-reads" label={s.reads} value={form.backupType} change={(value) => set('backupType')(value as typeof form.backupType)} options={entries(s.readModes)} />}
      <Choice id="schedule-execution" label={s.execution} value={form.executionType} change={(value) => set('executionType')(value as typeof form.executionType)} options={entries(s.executions)} />
      {form.executionType === 'TIME' && <TimeOfDay id="schedule-at" label={s.at} value={form.hour} change={(value) => set('hour')(value ?? 0)} />}
      {form.executionType === 'INTERVAL' && (
        <>
          <TimeOfDay id="schedule-from" label={s.from} value={form.from} change={(value) => set('from')(value ?? 0)} />
          <TimeOfDay id="schedule-to" label={s.to} value={form.to} change={(value) => set('to')(value ?? 0)} />
          <Span id="schedule-every" label={s.every} value={form.every} change={set('every')} of={minute} min={1} max={1440} unit={t.plans.policy.minutes} />
        </>
      )}
      {form.executionType === 'CRON' ? <Text id="schedule-cron" label={s.cron} value={form.cron} change={set('cron')} /> : (
        <>
          <Some id="schedule-days" label={s.days} help={s.allDays} chosen={form.days} change={set('days')} options={entries(s.dayNames)} />
          <Some id="schedule-occurrences" label={s.occurrences} help={s.allOccurrences} chosen={form.occurrences} change={set('occurrences')} options={entries(s.occurrenceNames)} />
          <Some id="schedule-months" label={s.months} help={s.allMonths} chosen={form.months} change={set('months')} options={monthNames.map((name) => [name, monthName(name)])} />
        </>
      )}
      <Text id="schedule-zone" label={s.zone} value={form.timeZone} change={set('timeZone')} />
      <Span id="schedule-window" label={s.window} value={form.window} change={set('window')} of={minute} unit={t.plans.policy.minutes} help={s.windowHelp} />
      <Some id="schedule-rules" label={s.rules} help={policies.data && rules.length === 0 ? s.noRules : undefined} chosen={form.rules} change={set('rules')} options={rules} />
    </Dialog>
  );
}

function Some<Value extends string>({ id, label, help, chosen, change, options }: { id: string; label: string; help?: string; chosen: Value[]; change: (chosen: Value[]) => void; options: [Value, string][] }) {
  return (
    <FormGroup role="group" label={label} fieldId={id}>
      <div className="vp-choices">
        {options.map(([value, name]) => <Checkbox key={value} id={`${id}-${value}`} label={name} isChecked={chosen.includes(value)} onChange={(_, on) => change(on ? [...chosen, value] : chosen.filter((one) => one !== value))} />)}
      </div>
      {help && <FormHelperText><HelperText><HelperTextItem>{help}</HelperTextItem></HelperText></FormHelperText>}
    </FormGroup>
  );
}
