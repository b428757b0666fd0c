import { Alert, Button } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { body, client, type Schemas } from '../api/client';
import { useLostFocus } from '../parts/focus';
import { Confirm, Failure, Loading } from '../parts/parts';
import { syncInventory } from '../parts/work';
import { t } from '../strings';
import { HostFields, useHostForm } from './HostFields';
import { StepForm } from './StepForm';

type Host = Schemas['Hypervisor'];
const s = t.plans.setup;

/** Connects a hypervisor, tells at once whether it can be used, and waits for its machines. */
export function HypervisorStep({ hosts }: { hosts: Host[] }) {
  const [another, setAnother] = useState(false);
  return (
    <div className="vp-stack">
      {hosts.map((host) => <Connected key={host.guid} host={host} />)}
      {hosts.length === 0 || another ? <Connect done={() => setAnother(false)} /> : <div><Button variant="link" isInline onClick={() => setAnother(true)}>{s.another}</Button></div>}
    </div>
  );
}

function Connect({ host, done }: { host?: Host; done: () => void }) {
  const queries = useQueryClient();
  const form = useHostForm(host);
  return (
    <StepForm action={host ? s.change : s.addHost} isReady={form.isReady} extra={host && <Button variant="link" onClick={done}>{t.cancel}</Button>} act={async () => {
      const guid = host?.guid ?? (await body(client.POST('/api/hypervisors', { body: form.request }))).guid;
      if (host) {
        await body(client.PUT('/api/hypervisors/{guid}', { params: { path: { guid } }, body: form.request }));
        await syncInventory(guid);
      }
      await body(client.POST('/api/hypervisors/{guid}/check', { params: { path: { guid } } }));
      done();
      await queries.invalidateQueries({ queryKey: ['hypervisors'] });
    }}>
      <HostFields id="setup" host={form} />
    </StepForm>
  );
}

/** A host that is known: what a test finds, and what to do about it. */
function Connected({ host }: { host: Host }) {
  const queries = useQueryClient();
  const [isChanging, setChanging] = useState(false);
  const [isRemoving, setRemoving] = useState(false);
  const check = useQuery({ queryKey: ['hypervisor-checks', host.guid, host.host], staleTime: Infinity, queryFn: () => body(client.POST('/api/hypervisors/{guid}/check', { params: { path: { guid: host.guid } } })) });
  const tasks = useQuery({ queryKey: ['tasks', 'inventory', host.guid], queryFn: () => body(client.GET('/api/tasks', { params: { query: { page: 0, size: 20, type: ['INVENTORY_SYNC'], orderBy: 'created', direction: 'desc' } } })) });
  const reading = (tasks.data ?? []).find((task) => task.hypervisor?.guid === host.guid);
  const isReading = reading !== undefined && ['QUEUED', 'RUNNING'].includes(reading.state.name);
  const place = useRef<HTMLDivElement>(null);
  useLostFocus(place, isChanging || check.isFetching);
  if (isChanging) return <Connect host={host} done={() => { setChanging(false); void check.refetch(); }} />;
  const test = async () => {
    await syncInventory(host.guid);
    await check.refetch();
  };
  return (
    <div ref={place} tabIndex={-1}>
      {check.isFetching && <Loading />}
      {check.isError && <Failure error={check.error} retry={() => void check.refetch()} />}
      {check.data && !check.isFetching && (
        <Alert isInline component="p" variant={check.data.usable ? 'success' : 'danger'} title={`${host.name}: ${check.data.usable ? t.infrastructure.usable : t.infrastructure.notUsable}`} actionLinks={
          <>
            <Button variant="link" isInline onClick={() => void test()}>{check.data.usable ? s.read : s.again}</Button>
            <Button variant="link" isInline onClick={() => setChanging(true)}>{s.change}</Button>
            <Button variant="link" isInline onClick={() => setRemoving(true)}>{s.remove}</Button>
          </>}>
          {check.data.product && <p>{check.data.product}</p>}
          {check.data.findings.map((finding) => <p key={finding}>{finding}</p>)}
          {check.data.usable && <p>{isReading || !reading ? s.reading : reading.state.name === 'FAILED' ? reading.statusInfo : s.noMachines}</p>}
        </Alert>
      )}
      {isRemoving && <Confirm title={s.removeTitle(host.name)} what={s.removeWhat(host.name)} action={s.remove} close={() => setRemoving(false)} confirm={async () => {
        await body(client.DELETE('/api/hypervisors/{guid}', { params: { path: { guid: host.guid } } }));
        await queries.invalidateQueries({ queryKey: ['hypervisors'] });
      }} />}
    </div>
  );
}
