import { Alert, Button, Checkbox, Form, FormFieldGroupExpandable, FormFieldGroupHeader, FormGroup } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { body, client, type Schemas } from '../api/client';
import { useMay } from '../app/session';
import { Choice, Lines, Text } from '../parts/fields';
import { MachineChooser } from '../parts/MachineChooser';
import { Failure } from '../parts/parts';
import { Span, Toggle, Whole } from '../parts/planFields';
import { type CommandForm, counts, type Keep, keepsAll, type Kind, newPlace, newRule, type Place, type PolicyForm, type RuleForm } from '../parts/policyForm';
import { t } from '../strings';

const p = t.plans.policy;
const minute = 60_000;
const hour = 60 * minute;
const entries = <Name extends string>(names: Record<Name, string>) => Object.entries(names) as [Name, string][];

/** Every field of a policy; what is asked for often stands open. */
export function PolicyEditor({ kind, form, change, destinations, action, save }: {
  kind: Kind; form: PolicyForm; change: (form: PolicyForm) => void; destinations: Schemas['Destination'][]; action: string; save?: () => Promise<void>;
}) {
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const maySettings = useMay()('settings.read');
  const lists = useQuery({ queryKey: ['mailing-lists'], enabled: maySettings, queryFn: () => body(client.GET('/api/mailing-lists')) });
  const set = <Name extends keyof PolicyForm>(name: Name) => (value: PolicyForm[Name]) => change({ ...form, [name]: value });
  const isBackup = kind === 'vm-backup';
  const isReady = form.name.trim() !== '' && form.rules.every((rule) => !isBackup || rule.primary.destination !== '');
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!save || !isReady || busy) return;
    setBusy(true);
    setError(undefined);
    try {
      await save();
    } catch (failed) {
      setError(failed);
    }
    setBusy(false);
  };
  return (
    <Form onSubmit={(event) => void submit(event)} maxWidth="60rem">
      {error ? <Failure error={error} /> : null}
      <Text id="policy-name" label={t.policies.name} value={form.name} change={set('name')} required />
      <Text id="policy-description" label={p.description} value={form.description} change={set('description')} />
      <Toggle id="policy-active" label={p.active} value={form.active} change={set('active')} />
      <MachineChooser id="policy-machines" chosen={form.machines} change={set('machines')} />
      {form.rules.map((rule, index) => (
        <Rule key={rule.key} number={index + 1} kind={kind} rule={rule} destinations={destinations} change={(next) => set('rules')(form.rules.map((one) => (one.key === rule.key ? next : one)))}
          remove={form.rules.length > 1 ? () => set('rules')(form.rules.filter((one) => one.key !== rule.key)) : undefined} />
      ))}
      <div><Button variant="secondary" onClick={() => set('rules')([...form.rules, newRule('', form.rules[0]?.primary.destination ?? destinations[0]?.guid ?? '')])}>{p.addRule}</Button></div>
      <Group title={p.autoAssign}>
        <Choice id="policy-auto" label={p.autoAssign} value={form.autoMode} change={(value) => set('autoMode')(value as PolicyForm['autoMode'])} options={entries(p.autoMode)} />
        {form.autoMode !== 'DISABLED' && (
          <>
            <Lines id="policy-tags" label={p.includeTags} value={form.includeTags} change={set('includeTags')} help={p.words} />
            <Lines id="policy-no-tags" label={p.excludeTags} value={form.excludeTags} change={set('excludeTags')} help={p.words} />
            <Lines id="policy-names" label={p.includeNames} value={form.includeNames} change={set('includeNames')} help={p.words} />
            <Lines id="policy-no-names" label={p.excludeNames} value={form.excludeNames} change={set('excludeNames')} help={p.words} />
            <Toggle id="policy-now" label={p.now} value={form.assignNow} change={set('assignNow')} />
          </>
        )}
        <Toggle id="policy-remove" label={p.autoRemove} value={form.autoRemove} change={set('autoRemove')} />
      </Group>
      <Group title={p.failures}>
        {isBackup && <Span id="policy-rpo" label={p.rpo} value={form.rpo} change={set('rpo')} of={hour} unit={p.hours} help={p.rpoHelp} />}
        <Whole id="policy-retries" label={p.retries} value={form.retries} change={set('retries')} max={100} />
        <Span id="policy-delay" label={p.retryDelay} value={form.retryDelay} change={set('retryDelay')} of={minute} unit={p.minutes} />
        <Whole id="policy-export" label={p.exportThreshold} value={form.exportThreshold} change={set('exportThreshold')} help={p.anyNumber} />
        <Whole id="policy-store" label={p.storeThreshold} value={form.storeThreshold} change={set('storeThreshold')} help={p.anyNumber} />
      </Group>
      <Group title={p.snapshotPart}>
        <Choice id="policy-quiesce" label={p.quiesce} value={form.quiesce} change={(value) => set('quiesce')(value as PolicyForm['quiesce'])} options={entries(p.quiesceModes)} />
        <Command id="policy-before" label={p.before} command={form.before} change={set('before')} />
        <Command id="policy-after" label={p.after} command={form.after} change={set('after')} />
      </Group>
      <Group title={p.general}>
        <Whole id="policy-priority" label={t.policies.priority} value={form.priority} change={set('priority')} max={100} help={p.priorityHelp} />
        <Text id="policy-zone" label={p.timeZone} value={form.timeZone} change={set('timeZone')} />
        <Text id="policy-tenant" label={p.tenant} value={form.tenant} change={set('tenant')} />
        {(lists.data ?? []).length > 0 && <Choice id="policy-list" label={p.mailingList} value={form.mailingList} change={set('mailingList')} options={[...(form.mailingList ? [] : [['', p.noList] as [string, string]]), ...lists.data!.map((list): [string, string] => [list.guid!, list.name ?? ''])]} />}
      </Group>
      {save && <div><Button type="submit" isLoading={busy} isAriaDisabled={busy} isDisabled={!isReady}>{action}</Button></div>}
    </Form>
  );
}

function Group({ title, isOpen, children }: { title: string; isOpen?: boolean; children: React.ReactNode }) {
  const id = useId();
  return <FormFieldGroupExpandable toggleAriaLabel={title} isExpanded={isOpen} header={<FormFieldGroupHeader titleText={{ text: title, id }} />}>{children}</FormFieldGroupExpandable>;
}

function Rule({ number, kind, rule, destinations, change, remove }: { number: number; kind: Kind; rule: RuleForm; destinations: Schemas['Destination'][]; change: (rule: RuleForm) => void; remove?: () => void }) {
  const id = `rule-${number}`;
  const type = kind === 'vm-backup' ? 'VM_BACKUP' : 'VM_SNAPSHOT';
  const schedules = useQuery({ queryKey: ['schedules', 'all', type], queryFn: () => body(client.GET('/api/schedules', { params: { query: { type, page: 0, size: 200, orderBy: 'name' } } })) });
  const set = <Name extends keyof RuleForm>(name: Name) => (value: RuleForm[Name]) => change({ ...rule, [name]: value });
  return (
    <Group title={p.rule(number) + (rule.name ? `: ${rule.name}` : '')} isOpen>
      <Text id={`${id}-name`} label={p.ruleName} value={rule.name} change={set('name')} />
      <Toggle id={`${id}-active`} label={p.active} value={rule.active} change={set('active')} />
      <FormGroup role="group" label={p.schedules} fieldId={`${id}-schedules`}>
        {schedules.data?.length === 0 && <p>{p.noSchedules}</p>}
        {(schedules.data ?? []).map((one) => (
          <Checkbox key={one.guid} id={`${id}-${one.guid}`} label={one.name} isChecked={rule.schedules.includes(one.guid)} onChange={(_, on) => set('schedules')(on ? [...rule.schedules, one.guid] : rule.schedules.filter((guid) => guid !== one.guid))} />
        ))}
      </FormGroup>
      {kind === 'vm-snapshot' ? (
        <>
          <Whole id={`${id}-versions`} label={p.versions} value={rule.versions} change={set('versions')} max={10_000} help={p.anyNumber} />
          <Whole id={`${id}-days`} label={p.versionDays} value={rule.versionDays} change={set('versionDays')} max={10_000} unit={p.days} help={p.anyNumber} />
        </>
      ) : (
        <>
          <PlaceFields id={`${id}-to`} label={p.destination} place={rule.primary} destinations={destinations} change={set('primary')} />
          <Choice id={`${id}-copy`} label={p.copy} value={rule.secondary?.destination ?? ''} change={(guid) => set('secondary')(guid ? { ...(rule.secondary ?? newPlace(guid)), destination: guid } : null)}
            options={[['', p.noCopy], ...destinations.filter((one) => one.guid !== rule.primary.destination).map((one): [string, string] => [one.guid, one.name])]} />
          {rule.secondary && <KeepFields id={`${id}-copy-keep`} place={rule.secondary} change={set('secondary')} />}
        </>
      )}
      {remove && <div><Button variant="link" isDanger onClick={remove}>{p.removeRule}</Button></div>}
    </Group>
  );
}

function PlaceFields({ id, label, place, destinations, change }: { id: string; label: string; place: Place; destinations: Schemas['Destination'][]; change: (place: Place) => void }) {
  return (
    <>
      <Choice id={id} label={label} value={place.destination} change={(destination) => change({ ...place, destination })} options={[...(place.destination ? [] : [['', '–'] as [string, string]]), ...destinations.map((one): [string, string] => [one.guid, one.name])]} required />
      <KeepFields id={id} place={place} change={change} />
    </>
  );
}

function KeepFields({ id, place, change }: { id: string; place: Place; change: (place: Place) => void }) {
  const { keep } = place;
  const set = (part: Partial<Keep>) => change({ ...place, keep: { ...keep, ...part } });
  const bounds: [keyof Keep & ('fullMax' | 'fullDays' | 'incrementalMax' | 'incrementalDays'), string, string | undefined][] = [['fullMax', p.fullMax, undefined], ['fullDays', p.fullAge, p.days], ['incrementalMax', p.incrementalMax, undefined], ['incrementalDays', p.incrementalAge, p.days]];
  return (
    <>
      <div className="vp-fields" role="group" aria-label={p.keep}>
        {counts.map((field) => <Whole key={field} id={`${id}-${field}`} label={p[field]} value={keep[field]} max={10_000} change={(value) => set({ [field]: value })} />)}
      </div>
      {keepsAll(keep) && <Alert isInline component="p" variant="warning" title={p.none} />}
      <Group title={`${p.fullMax}, ${p.incrementalMax.toLowerCase()}, ${p.lock.toLowerCase()}`}>
        <div className="vp-fields">
          {bounds.map(([field, label, unit]) => <Whole key={field} id={`${id}-${field}`} label={label} value={keep[field]} unit={unit} help={p.anyNumber} change={(value) => set({ [field]: value })} />)}
          <Whole id={`${id}-lock`} label={p.lock} value={place.lockDays} max={36_500} change={(lockDays) => change({ ...place, lockDays })} />
        </div>
        <Toggle id={`${id}-present`} label={p.keepOfPresent} value={keep.ofPresent} change={(ofPresent) => set({ ofPresent })} />
      </Group>
    </>
  );
}

function Command({ id, label, command, change }: { id: string; label: string; command: CommandForm; change: (command: CommandForm) => void }) {
  const set = (part: Partial<CommandForm>) => change({ ...command, ...part });
  return (
    <>
      <Lines id={id} label={label} value={command.lines} change={(lines) => set({ lines })} help={p.commandHelp} />
      {command.lines.trim() !== '' && (
        <div className="vp-fields" role="group" aria-label={label}>
          <Toggle id={`${id}-guest`} label={p.inGuest} value={command.inGuest} change={(inGuest) => set({ inGuest })} />
          <Span id={`${id}-timeout`} label={p.timeout} value={command.timeout} change={(timeout) => set({ timeout })} of={1000} min={1} max={86_400} unit={p.seconds} />
          <Text id={`${id}-codes`} label={p.ignored} value={command.ignored} change={(ignored) => set({ ignored })} />
          <Choice id={`${id}-errors`} label={p.errors} value={command.errors} change={(errors) => set({ errors: errors as CommandForm['errors'] })} options={entries(p.errorModes)} />
        </div>
      )}
    </>
  );
}
