import { ActionGroup, Button, Checkbox, Form, FormFieldGroup, FormFieldGroupHeader } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { body, client, type Schemas } from '../api/client';
import { Choice, Lines, Text } from '../parts/fields';
import { Failure, useTold } from '../parts/parts';
import { t } from '../strings';

type Machine = Schemas['Machine'];
type Handling = 'DONT_IGNORE' | 'IGNORE_WITHOUT_WARNING' | 'IGNORE_WITH_WARNING';
const handlings: [Handling, string][] = [['DONT_IGNORE', t.settings.fails], ['IGNORE_WITH_WARNING', t.settings.warns], ['IGNORE_WITHOUT_WARNING', t.settings.ignored]];
const linesOf = (text: string) => text.split('\n').filter((line) => line !== '');
const codesOf = (text: string) => text.split(/[\s,]+/).filter((one) => one !== '').map(Number);

/** How a machine is backed up: quiescing, and commands in the guest before and after the snapshot. */
export function Settings({ machine }: { machine: Machine }) {
  const queries = useQueryClient();
  const told = useTold();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const [quiesce, setQuiesce] = useState(machine.quiesceBeforeSnapshot);
  const [guest, setGuest] = useState({ host: machine.sshHost ?? '', port: machine.sshPort == null ? '' : String(machine.sshPort), user: machine.sshUser ?? '', key: machine.sshKeyPath ?? '' });
  const [password, setPassword] = useState('');
  const [before, setBefore] = useState({ on: machine.preSnapCmdExecEnabled, args: machine.preSnapCmdArgs.join('\n'), codes: machine.preSnapIgnoredExitCodes.join(', '), errors: machine.preSnapStdErrorHandling.name as Handling });
  const [after, setAfter] = useState({ on: machine.postSnapCmdExecEnabled, args: machine.postSnapCmdArgs.join('\n'), codes: machine.postSnapIgnoredExitCodes.join(', '), errors: machine.postSnapStdErrorHandling.name as Handling });
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    const place = { params: { path: { guid: machine.guid } } };
    try {
      await told((async () => {
        await body(client.PUT('/api/virtual-machines/{guid}/settings', {
          ...place, body: {
            quiesceBeforeSnapshot: quiesce, sshHost: guest.host, sshUser: guest.user, sshKeyPath: guest.key, ...(guest.port !== '' && { sshPort: Number(guest.port) }),
            preSnapCmdExecEnabled: before.on, preSnapCmdArgs: linesOf(before.args), preSnapIgnoredExitCodes: codesOf(before.codes), preSnapStdErrorHandling: before.errors,
            postSnapCmdExecEnabled: after.on, postSnapCmdArgs: linesOf(after.args), postSnapIgnoredExitCodes: codesOf(after.codes), postSnapStdErrorHandling: after.errors,
          },
        }));
        if (password !== '') await body(client.PUT('/api/virtual-machines/{guid}/ssh-password', { ...place, body: { password } }));
        setPassword('');
        await queries.invalidateQueries({ queryKey: ['virtual-machines'] });
      })(), t.settings.saved(machine.name));
    } catch (failed) {
      setError(failed);
    }
    setBusy(false);
  };
  return (
    <Form isWidthLimited onSubmit={(event) => void save(event)}>
      {error ? <Failure error={error} /> : null}
      <Checkbox id="settings-quiesce" label={t.settings.quiesce} description={t.settings.quiesceHelp} isChecked={quiesce} onChange={(_, value) => setQuiesce(value)} />
      <Command id="before" title={t.settings.before} value={before} change={setBefore} />
      <Command id="after" title={t.settings.after} value={after} change={setAfter} />
      <FormFieldGroup header={<FormFieldGroupHeader titleText={{ text: t.settings.guest, id: 'settings-guest' }} titleDescription={t.settings.guestHelp} />} role="group" aria-labelledby="settings-guest">
        <Text id="settings-host" label={t.settings.host} value={guest.host} change={(host) => setGuest({ ...guest, host })} />
        <Text id="settings-port" label={t.settings.port} value={guest.port} change={(port) => setGuest({ ...guest, port })} />
        <Text id="settings-user" label={t.infrastructure.user} value={guest.user} change={(user) => setGuest({ ...guest, user })} />
        <Text id="settings-key" label={t.infrastructure.sshKey} value={guest.key} change={(key) => setGuest({ ...guest, key })} />
        <Text id="settings-password" label={t.infrastructure.password} value={password} change={setPassword} secret help={machine.sshPasswordSet ? t.directory.kept : undefined} />
      </FormFieldGroup>
      <ActionGroup><Button type="submit" isLoading={busy} isAriaDisabled={busy}>{t.save}</Button></ActionGroup>
    </Form>
  );
}

type Values = { on: boolean; args: string; codes: string; errors: Handling };

function Command({ id, title, value, change }: { id: string; title: string; value: Values; change: (value: Values) => void }) {
  return (
    <>
      <Checkbox id={`settings-${id}`} label={title} isChecked={value.on} onChange={(_, on) => change({ ...value, on })} />
      {value.on && (
        <>
          <Lines id={`settings-${id}-args`} label={t.settings.command} value={value.args} change={(args) => change({ ...value, args })} help={t.settings.commandHelp} required />
          <Text id={`settings-${id}-codes`} label={t.settings.codes} value={value.codes} change={(codes) => change({ ...value, codes })} />
          <Choice id={`settings-${id}-errors`} label={t.settings.errors} value={value.errors} change={(errors) => change({ ...value, errors: errors as Handling })} options={handlings} />
        </>
      )}
    </>
  );
}
