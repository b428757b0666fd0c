import { Button, Form, FormFieldGroup, FormFieldGroupHeader, Tab, Tabs, TabTitleText } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useContext, useId, useState } from 'react';
import { useSearchParams } from 'react-router';
import { body, client, type Schemas } from '../api/client';
import { useMay } from '../app/session';
import { time } from '../format/format';
import { Dialog } from '../parts/Dialog';
import { Facts } from '../parts/Facts';
import { Choice, Lines, Text } from '../parts/fields';
import { Confirm, Failure, Loading, Notices, PageFrame } from '../parts/parts';
import { PlainTable } from '../parts/PlainTable';
import { Span, TimeOfDay, Toggle, Whole } from '../parts/planFields';
import { Telemetry } from '../settings/Telemetry';
import { t } from '../strings';

const s = t.plans.settings;
const { minutes, hours, seconds, days } = t.plans.policy;
const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const mebibyte = 1 << 20;
const linesOf = (text: string) => text.split('\n').map((line) => line.trim()).filter((line) => line !== '');

export default function SettingsPage() {
  const [params, setParams] = useSearchParams();
  const tab = params.get('tab') ?? 'general';
  const tabs: [string, string, ReactNode][] = [['general', s.general, <General />], ['certificate', s.certificate, <Certificate />], ['lists', s.lists, <MailingLists />], ['telemetry', t.plans.telemetry.title, <Telemetry />]];
  return (
    <PageFrame title={s.title}>
      <Tabs activeKey={tab} onSelect={(_, key) => setParams({ tab: String(key) }, { replace: true })} aria-label={s.title}>
        {tabs.map(([key, name, content]) => <Tab key={key} eventKey={key} title={<TabTitleText>{name}</TabTitleText>}><div className="vp-tab">{key === tab && content}</div></Tab>)}
      </Tabs>
    </PageFrame>
  );
}

function General() {
  const found = useQuery({ queryKey: ['global-settings', 'whole'], queryFn: async () => {
    const answer = await client.GET('/api/global-settings');
    return { settings: await body(Promise.resolve(answer)), etag: answer.response.headers.get('ETag') ?? undefined };
  } });
  if (found.isError) return <Failure error={found.error} retry={() => void found.refetch()} />;
  return found.data ? <GeneralForm key={found.data.etag} first={found.data.settings} etag={found.data.etag} /> : <Loading />;
}

function GeneralForm({ first, etag }: { first: Schemas['GlobalSettings']; etag?: string }) {
  const queries = useQueryClient();
  const tell = useContext(Notices);
  const mayWrite = useMay()('settings.write');
  const [form, setForm] = useState(first);
  const [origins, setOrigins] = useState(first.corsOrigins.join('\n'));
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const maySeePlaces = useMay()('destinations.read');
  const places = useQuery({ queryKey: ['backup-destinations', 'encrypted'], enabled: maySeePlaces, queryFn: () => body(client.GET('/api/backup-destinations', { params: { query: { page: 0, size: 200, orderBy: 'name' } } })) });
  const set = <Name extends keyof typeof form>(name: Name) => (value: (typeof form)[Name]) => setForm({ ...form, [name]: value });
  const span = (name: 'sessionIdleTimeout' | 'sessionAbsoluteTimeout' | 'nodeTimeout' | 'nodeLeaseTimeout' | 'inventorySyncInterval' | 'destinationCheckInterval' | 'rpoAllowance' | 'endedTaskRetention' | 'idempotencyRetention' | 'applianceBackupInterval' | 'logFileAgeMax' | 'logRetention', label: string, of: number, unit: string, [min, max]: [number, number], help?: string) =>
    <Span id={`setting-${name}`} label={label} value={form[name]} change={set(name)} of={of} unit={unit} min={min} max={max} help={help} />;
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      // Another's change in the meantime is told, not overwritten.
      await body(client.PUT('/api/global-settings', { params: { header: { 'If-Match': etag } }, body: { ...form, corsOrigins: linesOf(origins) } }));
      tell({ text: s.saved });
      await Promise.all([queries.invalidateQueries({ queryKey: ['global-settings'] }), queries.invalidateQueries({ queryKey: ['user-info'] })]);
    } catch (failed) {
      setError(failed);
    }
    setBusy(false);
  };
  return (
    <Form maxWidth="60rem" onSubmit={(event) => void save(event)}>
      {error ? <Failure error={error} /> : null}
      {/* What has been saved is read again and takes the place of the form, so nothing may be typed meanwhile. */}
      <fieldset className="vp-fields" disabled={busy}>
        <Part title={s.appliance}><Text id="setting-name" label={s.name} value={form.applianceName} change={set('applianceName')} /></Part>
        <Part title={s.sessions}>
          {span('sessionIdleTimeout', s.idle, minute, minutes, [1, 1440])}
          {span('sessionAbsoluteTimeout', s.absolute, minute, minutes, [5, 10_080])}
          <Lines id="setting-origins" label={s.origins} value={origins} change={setOrigins} help={s.originsHelp} />
        </Part>
        <Part title={s.tasks}>
          <Whole id="setting-tasks" label={s.all} value={form.runningTasksMax} min={1} max={10_000} change={set('runningTasksMax')} />
          <Whole id="setting-source" label={s.perSource} value={form.sourceRunningTasksMax} min={1} max={1000} change={set('sourceRunningTasksMax')} />
          <Text id="setting-node-address" label={s.nodeAddress} value={form.nodeAddress} change={set('nodeAddress')} help={s.nodeAddressHelp} />
          <Whole id="setting-appliance-rows" label={s.applianceRows} value={form.applianceRowsMax} min={1000} max={100_000_000} change={set('applianceRowsMax')} help={s.applianceRowsHelp} />
          {span('nodeTimeout', s.nodeTimeout, second, seconds, [15, 3600])}
          {span('nodeLeaseTimeout', s.nodeLeaseTimeout, minute, minutes, [1, 10_080])}
          {span('rpoAllowance', s.allowance, minute, minutes, [0, 10_080])}
        </Part>
        <Part title={s.upkeep}>
          {span('inventorySyncInterval', s.sync, minute, minutes, [0, 10_080], s.never)}
          {span('destinationCheckInterval', s.check, minute, minutes, [0, 10_080], s.never)}
          <TimeOfDay id="setting-retention" label={s.retentionAt} value={form.retentionHour} change={(value) => set('retentionHour')(value ?? 0)} />
          {span('endedTaskRetention', s.ended, hour, hours, [1, 87_600])}
          {span('idempotencyRetention', s.keys, hour, hours, [1, 8760])}
        </Part>
        <Part title={s.copy}>
          <Toggle id="setting-copy" label={s.copyOn} value={form.applianceBackup} change={set('applianceBackup')} help={s.copyHelp} />
          {form.applianceBackup && <>
            {maySeePlaces && <Choice id="setting-copy-to" label={s.copyTo} value={form.applianceBackupDestination ?? ''} change={(to) => set('applianceBackupDestination')(to || null)}
              options={[['', s.copyAnywhere], ...(places.data ?? []).filter((one) => one.encrypted && !one.appliance).map((one): [string, string] => [one.guid, one.name])]} />}
            {span('applianceBackupInterval', s.copyEvery, hour, hours, [1, 168])}
            <TimeOfDay id="setting-copy-at" label={s.copyAt} value={form.applianceBackupHour ?? null} change={set('applianceBackupHour')} help={s.copyAtHelp} />
            <Whole id="setting-copies" label={s.copiesKept} value={form.applianceBackupsKept} min={2} max={1000} change={set('applianceBackupsKept')} />
          </>}
        </Part>
        <Part title={s.log}>
          <Choice id="setting-log" label={s.logFormat} value={form.logFormat} change={set('logFormat')} options={Object.entries(s.logFormats)} />
          <Span id="setting-log-size" label={s.logSize} value={form.logFileBytesMax} change={set('logFileBytesMax')} of={mebibyte} unit="MiB" min={1} max={1024} />
          {span('logFileAgeMax', s.logAge, day, days, [1, 366])}
          <Whole id="setting-log-files" label={s.logFiles} value={form.logFilesMax} min={2} max={1000} change={set('logFilesMax')} />
          {span('logRetention', s.logKept, day, days, [1, 3650])}
        </Part>
      </fieldset>
      {mayWrite && <div><Button type="submit" isLoading={busy} isAriaDisabled={busy}>{t.save}</Button></div>}
    </Form>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  const id = useId();
  return <FormFieldGroup header={<FormFieldGroupHeader titleText={{ text: title, id }} />}>{children}</FormFieldGroup>;
}

function Certificate() {
  const queries = useQueryClient();
  const tell = useContext(Notices);
  const mayWrite = useMay()('settings.write');
  const [isReplacing, setReplacing] = useState(false);
  const [isRenewing, setRenewing] = useState(false);
  const [pem, setPem] = useState('');
  const [key, setKey] = useState('');
  const found = useQuery({ queryKey: ['server-certificate'], queryFn: () => body(client.GET('/api/server-certificate')) });
  const done = async () => {
    setPem('');
    setKey('');
    tell({ text: s.replaced });
    await queries.invalidateQueries({ queryKey: ['server-certificate'] });
  };
  if (found.isError) return <Failure error={found.error} retry={() => void found.refetch()} />;
  if (found.isPending) return <Loading />;
  const certificate = found.data;
  return (
    <div className="vp-stack">
      <Facts facts={[[s.subject, certificate.subject], [s.issuer, certificate.issuer], [s.from, time(certificate.notBefore)], [s.until, time(certificate.notAfter)], [s.fingerprint, <span className="vp-address">{certificate.fingerprint}</span>]]} />
      {certificate.selfSigned && <p>{s.selfSigned}</p>}
      {mayWrite && <div className="vp-row-actions vp-start"><Button variant="secondary" onClick={() => setReplacing(true)}>{s.replace}</Button><Button variant="secondary" onClick={() => setRenewing(true)}>{s.renew}</Button></div>}
      {isReplacing && (
        <Dialog title={s.replaceTitle} action={s.replace} isReady={pem.trim() !== '' && key.trim() !== ''} close={() => setReplacing(false)} submit={async () => {
          await body(client.PUT('/api/server-certificate', { body: { certificate: pem, privateKey: key } }));
          await done();
        }}>
          <Lines id="certificate-pem" label={s.pem} value={pem} change={setPem} required />
          <Lines id="certificate-key" label={s.key} value={key} change={setKey} required />
        </Dialog>
      )}
      {isRenewing && <Confirm title={s.renewTitle} what={s.renewWhat} action={s.renew} close={() => setRenewing(false)} confirm={async () => {
        await body(client.POST('/api/server-certificate/renew'));
        await done();
      }} />}
    </div>
  );
}

function MailingLists() {
  const queries = useQueryClient();
  const mayWrite = useMay()('settings.write');
  const [editing, setEditing] = useState<Schemas['MailingList'] | 'new'>();
  const [deleting, setDeleting] = useState<Schemas['MailingList']>();
  const lists = useQuery({ queryKey: ['mailing-lists'], queryFn: () => body(client.GET('/api/mailing-lists')) });
  const refresh = () => queries.invalidateQueries({ queryKey: ['mailing-lists'] });
  if (lists.isError) return <Failure error={lists.error} retry={() => void lists.refetch()} />;
  if (lists.isPending) return <Loading />;
  return (
    <div className="vp-stack">
      <p>{s.noMail}</p>
      {mayWrite && <div><Button variant="secondary" onClick={() => setEditing('new')}>{s.addList}</Button></div>}
      <PlainTable label={s.lists} heads={[s.listName, s.addresses]} rows={lists.data.map((list) => ({
        key: list.guid!, cells: [list.name, (list.addresses ?? []).join(', ')],
        actions: mayWrite && <><Button variant="secondary" size="sm" aria-label={`${s.edit}: ${list.name}`} onClick={() => setEditing(list)}>{s.edit}</Button><Button variant="danger" size="sm" aria-label={`${s.delete}: ${list.name}`} onClick={() => setDeleting(list)}>{s.delete}</Button></>,
      }))} />
      {editing && <EditList list={editing === 'new' ? undefined : editing} done={refresh} close={() => setEditing(undefined)} />}
      {deleting && <Confirm title={s.deleteTitle(deleting.name ?? '')} what={s.deleteWhat} action={s.delete} close={() => setDeleting(undefined)} confirm={async () => {
        await body(client.DELETE('/api/mailing-lists/{guid}', { params: { path: { guid: deleting.guid! } } }));
        await refresh();
      }} />}
    </div>
  );
}

function EditList({ list, done, close }: { list?: Schemas['MailingList']; done: () => Promise<unknown>; close: () => void }) {
  const [name, setName] = useState(list?.name ?? '');
  const [addresses, setAddresses] = useState((list?.addresses ?? []).join('\n'));
  return (
    <Dialog title={list ? `${s.edit}: ${list.name}` : s.addList} action={list ? t.save : t.add} isReady={name.trim() !== ''} close={close} submit={async () => {
      const request = { name, addresses: linesOf(addresses) };
      await (list ? body(client.PUT('/api/mailing-lists/{guid}', { params: { path: { guid: list.guid! } }, body: request })) : body(client.POST('/api/mailing-lists', { body: request })));
      await done();
    }}>
      <Text id="list-name" label={s.listName} value={name} change={setName} required />
      <Lines id="list-addresses" label={s.addresses} value={addresses} change={setAddresses} help={s.addressesHelp} />
    </Dialog>
  );
}
