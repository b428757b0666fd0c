import { ActionGroup, Alert, Button, Checkbox, Form } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useMay } from '../app/session';
import { body, client, type Schemas } from '../api/client';
import { Lines, Text } from '../parts/fields';
import { Failure, Loading } from '../parts/parts';
import { t } from '../strings';

type Settings = Schemas['Directory'];

/** The directory (LDAP) that knows users who are not known here. */
export function Directory() {
  const found = useQuery({ queryKey: ['directory'], queryFn: () => body(client.GET('/api/directory')) });
  if (found.isError) return <Failure error={found.error} retry={() => void found.refetch()} />;
  return found.data ? <DirectoryForm before={found.data} /> : <Loading />;
}

function DirectoryForm({ before }: { before: Settings }) {
  const may = useMay();
  const queries = useQueryClient();
  const [settings, setSettings] = useState(before);
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const [check, setCheck] = useState<Schemas['DirectoryCheck']>();
  const set = (name: keyof Settings) => (value: string | boolean) => setSettings((all) => ({ ...all, [name]: value }));
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    setCheck(undefined);
    try {
      const { hasPassword: _, ...sent } = settings;
      const saved = await body(client.PUT('/api/directory', { body: { ...sent, ...(password && { password }) } }));
      setSettings(saved);
      setPassword('');
      queries.setQueryData(['directory'], saved);
      setCheck(await body(client.POST('/api/directory/check')));
    } catch (failed) {
      setError(failed);
    }
    setBusy(false);
  };
  const texts: [keyof Settings, string, string?][] = [
    ['url', t.directory.url, t.directory.urlHelp], ['bindDn', t.directory.bindDn], ['userBase', t.directory.userBase], ['userClass', t.directory.userClass], ['loginAttribute', t.directory.loginAttribute],
    ['groupBase', t.directory.groupBase], ['memberAttribute', t.directory.memberAttribute],
  ];
  const field = ([name, label, help]: (typeof texts)[number]) => <Text key={name} id={`directory-${name}`} label={label} value={String(settings[name])} change={set(name)} help={help} />;
  return (
    <Form isWidthLimited onSubmit={(event) => void save(event)}>
      <p>{t.directory.about}</p>
      {error ? <Failure error={error} /> : null}
      {check && <Alert component="p" isInline variant={check.works ? 'success' : 'warning'} title={check.works ? t.directory.works : check.finding ?? ''} />}
      <Checkbox id="directory-active" label={t.directory.active} isChecked={settings.active} onChange={(_, value) => set('active')(value)} />
      {texts.slice(0, 2).map(field)}
      <Text id="directory-password" label={t.directory.password} value={password} change={setPassword} secret help={settings.hasPassword ? t.directory.kept : undefined} />
      {texts.slice(2).map(field)}
      <Lines id="directory-authorities" label={t.directory.authorities} value={settings.authorities} change={set('authorities')} help={t.directory.authoritiesHelp} />
      {may('settings.write') && <ActionGroup><Button type="submit" isLoading={busy} isAriaDisabled={busy}>{t.directory.save}</Button></ActionGroup>}
    </Form>
  );
}
