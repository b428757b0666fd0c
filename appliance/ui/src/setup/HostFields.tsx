import { ExpandableSection } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { body, client, type Schemas } from '../api/client';
import { CredentialChoice } from '../parts/CredentialDialog';
import { Choice, Lines, Text } from '../parts/fields';
import { t } from '../strings';
import { settingsOf } from './settingsOf';

type Host = Schemas['Hypervisor'];
const s = t.plans.setup;

/** Platforms that nodes can talk to, the likeliest first. */
export function usePlatforms(): string[] {
  const nodes = useQuery({ queryKey: ['nodes', 'platforms'], queryFn: () => body(client.GET('/api/nodes')) });
  return [...new Set((nodes.data ?? []).flatMap((node) => node.capabilities))].sort((a, b) => Number(b === 'KVM') - Number(a === 'KVM') || a.localeCompare(b));
}

/** How a host is reached: a new one, or one that is known. Its password is sent when one was typed. */
export function useHostForm(host?: Host) {
  const [chosen, setType] = useState(host?.type.name ?? '');
  const platforms = usePlatforms();
  const [form, setForm] = useState(() => ({
    name: host && host.name !== host.host ? host.name : '', address: host?.host ?? '', credential: host && !host.user ? host.credential?.guid ?? '' : '', user: host?.user ?? '', password: '', sshKeyPath: host?.sshKeyPath ?? '', settings: Object.entries(host?.settings ?? {}).map(([name, value]) => `${name}=${String(value)}`).join('\n'),
  }));
  const type = chosen || platforms[0] || 'KVM';
  const request = {
    name: form.name.trim() || form.address.trim(), host: form.address.trim(), ...(form.credential ? { credential: { guid: form.credential } } : { user: form.user, ...(form.password && { password: form.password }) }), sshKeyPath: form.sshKeyPath, settings: settingsOf(form.settings), ...(!host && { type: { name: type } }),
  } as Schemas['HypervisorRequest'];
  return { form, setForm, type, setType, platforms: host ? [] : platforms, request, isReady: form.address.trim() !== '' };
}

/** Fields of `useHostForm`; ids begin with `id`. */
export function HostFields({ id, host: { form, setForm, type, setType, platforms }, isNamed }: { id: string; host: ReturnType<typeof useHostForm>; isNamed?: boolean }) {
  const set = (name: keyof typeof form) => (value: string) => setForm({ ...form, [name]: value });
  return (
    <>
      {platforms.length > 1 && <Choice id={`${id}-type`} label={t.infrastructure.type} value={type} change={setType} options={platforms.map((name) => [name, name])} />}
      {isNamed && <Text id={`${id}-name`} label={t.infrastructure.name} value={form.name} change={set('name')} help={s.hostName} />}
      <Text id={`${id}-host`} label={t.infrastructure.address} value={form.address} change={set('address')} help={type === 'KVM' ? t.infrastructure.addressHelp : undefined} required />
      {isNamed && <CredentialChoice id={`${id}-credential`} label={t.credentials.use} value={form.credential} change={set('credential')} none={t.credentials.own} />}
      {!form.credential && <Text id={`${id}-user`} label={t.infrastructure.user} value={form.user} change={set('user')} />}
      {!form.credential && <Text id={`${id}-password`} label={t.infrastructure.password} value={form.password} change={set('password')} secret />}
      {type === 'KVM' && <Text id={`${id}-key`} label={t.infrastructure.sshKey} value={form.sshKeyPath} change={set('sshKeyPath')} />}
      <ExpandableSection toggleText={s.more} isIndented><Lines id={`${id}-settings`} label={s.settings} value={form.settings} change={set('settings')} help={s.settingsHelp} /></ExpandableSection>
    </>
  );
}
