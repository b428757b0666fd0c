import { ActionGroup, Alert, Button, Form } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useContext, useState } from 'react';
import { body, client, type Schemas } from '../api/client';
import { useMay } from '../app/session';
import { Facts } from '../parts/Facts';
import { Lines, Text } from '../parts/fields';
import { Failure, Loading, Notices, When } from '../parts/parts';
import { Span, Toggle } from '../parts/planFields';
import { t } from '../strings';
import { headersOf } from './headers';

type View = Schemas['Telemetry'];
type Form = Pick<View, 'active' | 'endpoint' | 'authorities' | 'metricsInterval' | 'metrics' | 'traces' | 'logs'>;
const s = t.plans.telemetry;
const second = 1000;

/** Where metrics, spans of tasks and the log are sent. How that goes is no change of any row, so nobody tells of it. */
export function Telemetry() {
  const found = useQuery({ queryKey: ['telemetry'], refetchInterval: 10_000, queryFn: async () => {
    const answer = await client.GET('/api/telemetry');
    return { view: await body(Promise.resolve(answer)), etag: answer.response.headers.get('ETag') ?? undefined };
  } });
  if (found.isError) return <Failure error={found.error} retry={() => void found.refetch()} />;
  if (found.isPending) return <Loading />;
  const { view, etag } = found.data;
  return (
    <div className="vp-stack">
      <p>{s.about}</p>
      {view.active && <Facts facts={[[s.taken, <When at={view.sentAt} none={s.notYet} />], [s.lost, view.droppedLogLines.toLocaleString()], ...(view.finding ? [[s.amiss, view.finding] as [string, string]] : [])]} />}
      <TelemetryForm key={etag} view={view} etag={etag} />
    </div>
  );
}

function TelemetryForm({ view, etag }: { view: View; etag?: string }) {
  const queries = useQueryClient();
  const tell = useContext(Notices);
  const mayWrite = useMay()('settings.write');
  const [first] = useState<Form>(() => ({ active: view.active, endpoint: view.endpoint, authorities: view.authorities, metricsInterval: view.metricsInterval, metrics: view.metrics, traces: view.traces, logs: view.logs }));
  const [form, setForm] = useState(first);
  const [headers, setHeaders] = useState('');
  const [forgets, setForgets] = useState(false);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState<'save' | 'check'>();
  const [check, setCheck] = useState<Schemas['TelemetryCheck']>();
  const set = <Name extends keyof Form>(name: Name) => (value: Form[Name]) => setForm({ ...form, [name]: value });
  const sent = headersOf(headers);
  const isChanged = forgets || headers.trim() !== '' || JSON.stringify(form) !== JSON.stringify(first);
  const during = (what: 'save' | 'check', work: () => Promise<unknown>) => async (event?: FormEvent) => {
    event?.preventDefault();
    setBusy(what);
    setError(undefined);
    setCheck(undefined);
    try {
      await work();
    } catch (failed) {
      setError(failed);
    }
    setBusy(undefined);
  };
  const save = during('save', async () => {
    // Another's change in the meantime is told, not overwritten.
    await body(client.PUT('/api/telemetry', { params: { header: { 'If-Match': etag } }, body: { ...form, ...(forgets ? { headers: {} } : headers.trim() !== '' && typeof sent === 'object' && { headers: sent }) } }));
    tell({ text: s.saved });
    await queries.invalidateQueries({ queryKey: ['telemetry'] });
  });
  const test = during('check', async () => setCheck(await body(client.POST('/api/telemetry/check'))));
  return (
    <Form isWidthLimited onSubmit={(event) => void save(event)}>
      <Toggle id="telemetry-active" label={s.active} value={form.active} change={set('active')} />
      <Text id="telemetry-endpoint" label={s.endpoint} value={form.endpoint} change={set('endpoint')} help={s.endpointHelp} />
      {view.hasHeaders && <Toggle id="telemetry-forget" label={s.forget} value={forgets} change={setForgets} />}
      {!forgets && <Lines id="telemetry-headers" label={s.headers} value={headers} change={setHeaders} help={typeof sent === 'number' ? s.noHeader(sent) : view.hasHeaders ? s.headersKept : s.headersHelp} />}
      <Lines id="telemetry-authorities" label={t.directory.authorities} value={form.authorities} change={set('authorities')} help={t.directory.authoritiesHelp} />
      <Toggle id="telemetry-metrics" label={s.metrics} value={form.metrics} change={set('metrics')} />
      {form.metrics && <Span id="telemetry-interval" label={s.interval} value={form.metricsInterval} change={set('metricsInterval')} of={second} unit={t.plans.policy.seconds} min={10} max={3600} />}
      <Toggle id="telemetry-traces" label={s.traces} value={form.traces} change={set('traces')} />
      <Toggle id="telemetry-logs" label={s.logs} value={form.logs} change={set('logs')} />
      {error ? <Failure error={error} /> : null}
      {check && <Alert component="p" isInline variant={check.works ? 'success' : 'warning'} title={check.works ? s.works : check.finding ?? ''} />}
      {mayWrite && (
        <ActionGroup>
          <Button type="submit" isLoading={busy === 'save'} isDisabled={busy !== undefined || typeof sent === 'number'}>{t.save}</Button>
          <Button variant="secondary" isLoading={busy === 'check'} isDisabled={busy !== undefined || isChanged || view.endpoint === ''} onClick={() => void test()}>{s.check}</Button>
        </ActionGroup>
      )}
    </Form>
  );
}
