import { Button } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { body, client, type Schemas } from '../api/client';
import { useMay } from '../app/session';
import { t } from '../strings';
import { Dialog } from './Dialog';
import { Choice, Lines, Text } from './fields';

type Credential = Schemas['Credential'];
const c = t.credentials;
const kinds = ['PASSWORD', 'SSH_KEY', 'TOKEN', 'CERTIFICATE'] as const;

/** One that the appliance made for a host or manager has the identity of that behind its name, so that it is unique. */
const own = / \([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\)$/;
export const credentialName = (credential: Credential) => credential.name.replace(own, '');

/** What login and password are called where they are something else. */
type Labels = { login: string; secret: string };

/** Makes a credential, or changes one: its secret stays when none is typed. With labels it is a login and a password, and has both. */
export function CredentialDialog({ credential, labels, done, close }: { credential?: Credential; labels?: Labels; done?: (saved: Credential) => void; close: () => void }) {
  const queries = useQueryClient();
  const [kind, setKind] = useState<(typeof kinds)[number]>(credential?.kind.name ?? 'PASSWORD');
  const [form, setForm] = useState({ name: credential?.name ?? '', login: credential?.login ?? '', secret: '', description: credential?.description ?? '' });
  const set = (name: keyof typeof form) => (value: string) => setForm({ ...form, [name]: value });
  const isReady = form.name.trim() !== '' && (!labels || form.login.trim() !== '') && (credential !== undefined || form.secret !== '');
  const isText = kind === 'SSH_KEY' || kind === 'CERTIFICATE';
  const secret = { id: 'credential-secret', label: labels?.secret ?? c.secrets[kind], value: form.secret, change: set('secret'), required: !credential, help: credential ? c.secretStays : undefined };
  return (
    <Dialog title={credential ? `${c.edit}: ${credentialName(credential)}` : c.add} action={t.save} isReady={isReady} close={close} submit={async () => {
      const { secret: typed, ...rest } = form;
      const request = { ...rest, name: rest.name.trim(), ...(typed && { secret: typed }), ...(!credential && { kind }) };
      const saved = await (credential
        ? body(client.PUT('/api/credential/{guid}', { params: { path: { guid: credential.guid } }, body: request }))
        : body(client.POST('/api/credential', { body: request })));
      await queries.invalidateQueries({ queryKey: ['credentials'] });
      done?.(saved);
    }}>
      <Text id="credential-name" label={c.name} value={form.name} change={set('name')} required />
      {!credential && !labels && <Choice id="credential-kind" label={c.kind} value={kind} change={(value) => setKind(value as typeof kind)} options={kinds.map((one) => [one, c.kinds[one]])} />}
      {kind !== 'TOKEN' && <Text id="credential-login" label={labels?.login ?? c.login} value={form.login} change={set('login')} required={labels !== undefined} />}
      {isText ? <Lines {...secret} /> : <Text {...secret} secret />}
      <Text id="credential-description" label={c.description} value={form.description} change={set('description')} />
    </Dialog>
  );
}

/** Which credential: one of those that are there, or one that is made now. */
export function CredentialChoice({ id, label, value, change, help, none = t.none, fits = () => true, without, labels }: {
  id: string; label: string; value: string; change: (value: string) => void; help?: string; none?: string; fits?: (credential: Credential) => boolean; without?: string; labels?: Labels;
}) {
  const may = useMay();
  const [adding, setAdding] = useState(false);
  const credentials = useQuery({ queryKey: ['credentials', 'all'], enabled: may('inventory.read'), queryFn: () => body(client.GET('/api/credential', { params: { query: { page: 0, size: 1000, orderBy: 'name' } } })) });
  const options = (credentials.data ?? []).filter((one) => fits(one) && one.guid !== without && (one.guid === value || !own.test(one.name))).map((one): [string, string] => [one.guid, one.login ? `${credentialName(one)} (${one.login})` : credentialName(one)]);
  return (
    <>
      <Choice id={id} label={label} value={value} change={change} help={help} options={[['', none], ...options]} />
      {may('inventory.credentials') && <div><Button variant="link" isInline aria-label={`${c.add}: ${label}`} onClick={() => setAdding(true)}>{c.add}</Button></div>}
      {adding && <CredentialDialog labels={labels} done={(made) => change(made.guid)} close={() => setAdding(false)} />}
    </>
  );
}
