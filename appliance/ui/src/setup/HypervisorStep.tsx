import { Alert, Button, ExpandableSection } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { body, client, type Schemas } from '../api/client';
import { Choice, Lines, Text } from '../parts/fields';
import { Confirm, Failure, Loading } from '../parts/parts';
import { syncInventory } from '../parts/work';
import { t } from '../strings';
import { settingsOf } from './settingsOf';
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
  const nodes = useQuery({ queryKey: ['nodes', 'platforms'], queryFn: () => body(client.GET('/api/nodes')) });
  const platforms = [...new Set((nodes.data ?? []).flatMap((node) => node.capabilities))].sort((a, b) => Number(b === 'KVM') - Number(a === 'KVM') || a.localeCompare(b));
  const [chosen, setChosen] = useState(host?.type.name ?? '');
  const [address, setAddress] = useState(host?.host ?? '');
  const [user, setUser] = useState(host?.user ?? '');
  const [password, setPassword] = useState('');
  const [sshKeyPath, setSshKeyPath] = useState(host?.sshKeyPath ?? '');
  const [settings, setSettings] = useState(() => Object.entries(host?.settings ?? {}).map(([name, value]) => `${name}=${String(value)}`).join('\n'));
  const type = chosen || platforms[0] || 'KVM';
  return (
    <StepForm action={host ? s.change : s.addHost} isReady={address.trim() !== ''} extra={host && <Button variant="link" onClick={done}>{t.cancel}</Button>} act={async () => {
      const given = { host: address.trim(), user, ...(password && { password }), sshKeyPath, settings: settingsOf(settings) };
      const guid = host?.guid ?? (await body(client.POST('/api/hypervisors', { body: { ...given, type: { name: type } } }))).guid;
      if (host) {
        await body(client.PUT('/api/hypervisors/{guid}', { params: { path: { guid } }, body: given }));
        await syncInventory(guid);
      }
      await body(client.POST('/api/hypervisors/{guid}/check', { params: { path: { guid } } }));
      done();
      await queries.invalidateQueries({ queryKey: ['hypervisors'] });
    }}>
      {platforms.length > 1 && !host && <Choice id="setup-type" label={t.infrastructure.type} value={type} change={setChosen} options={platforms.map((name) => [name, name])} />}
      <Text id="setup-host" label={t.infrastructure.address} value={address} change={setAddress} help={type === 'KVM' ? t.infrastructure.addressHelp : undefined} required />
      <Text id="setup-user" label={t.infrastructure.user} value={user} change={setUser} />
      <Text id="setup-password" label={t.infrastructure.password} value={password} change={setPassword} secret />
      {type === 'KVM' && <Text id="setup-key" label={t.infrastructure.sshKey} value={sshKeyPath} change={setSshKeyPath} />}
      <ExpandableSection toggleText={s.more} isIndented><Lines id="setup-settings" label={s.settings} value={settings} change={setSettings} help={s.settingsHelp} /></ExpandableSection>
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
  if (isChanging) return <Connect host={host} done={() => { setChanging(false); void check.refetch(); }} />;
  const test = async () => {
    await syncInventory(host.guid);
    await check.refetch();
  };
  return (
    <>
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
    </>
  );
}
