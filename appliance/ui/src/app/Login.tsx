import { ActionGroup, Button, Card, CardBody, CardTitle, Form, FormGroup, FormHelperText, HelperText, HelperTextItem, TextInput } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useEffect, useState } from 'react';
import { useLocation, useNavigate } from 'react-router';
import { body, client } from '../api/client';
import { useFirstField } from '../parts/focus';
import { Failure } from '../parts/parts';
import { t } from '../strings';
import { may, tellWindows, type User, welcome } from './session';

/** Logs in; `again` is who was logged in when the session ended. */
export function Login({ again }: { again?: User }) {
  const queries = useQueryClient();
  const [login, setLogin] = useState(again?.login ?? '');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  return (
    <Gate title={t.login.title} action={t.login.submit} why={again && t.login.ended} isReady={login !== '' && password !== ''} act={async () => {
      const user = await body(client.POST('/api/session/login', { body: { login, password, ...(code && { code }) } }));
      // An answer still on its way tells of before, and would take the place of this one.
      await queries.cancelQueries({ queryKey: ['user-info'] });
      welcome(queries, user);
      queries.setQueryData(['user-info'], user);
      tellWindows('in');
    }}>
      <Field id="login" label={t.login.user} value={login} change={setLogin} autoComplete="username" />
      <Field id="password" label={t.login.password} value={password} change={setPassword} autoComplete="current-password" secret />
      <Field id="code" label={t.login.code} value={code} change={setCode} autoComplete="one-time-code" optional />
    </Gate>
  );
}

export function ChangePassword({ user }: { user: User }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [again, setAgain] = useState('');
  return (
    <Gate title={t.login.changeTitle} action={t.login.change} why={t.login.changeWhy} isReady={current !== '' && next !== '' && next === again} act={async () => {
      await body(client.PUT('/api/session/password', { body: { currentPassword: current, newPassword: next } }));
      // The first log-in of an appliance leads to its set-up, unless another page was asked for.
      if (pathname === '/' && may(user, 'settings.write')) await navigate('/setup', { replace: true });
      // An answer still on its way tells of before, and would take the place of this one.
      await queries.cancelQueries({ queryKey: ['user-info'] });
      queries.setQueryData(['user-info'], { ...user, mustChangePassword: false });
    }}>
      <Field id="current" label={t.login.current} value={current} change={setCurrent} autoComplete="current-password" secret />
      <Field id="next" label={t.login.next} value={next} change={setNext} autoComplete="new-password" secret />
      <Field id="again" label={t.login.again} value={again} change={setAgain} autoComplete="new-password" secret wrong={again !== '' && next !== again ? t.login.differ : undefined} />
    </Gate>
  );
}

function Gate({ title, why, action, isReady, act, children }: { title: string; why?: string; action: string; isReady: boolean; act: () => Promise<void>; children: ReactNode }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  useFirstField('gate-form');
  useEffect(() => {
    const before = document.title;
    document.title = `${title} · ${t.product}`;
    return () => { document.title = before; };
  }, [title]);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!isReady) return;
    setBusy(true);
    setError(undefined);
    try {
      await act();
    } catch (failed) {
      setError(failed);
      setBusy(false);
    }
  };
  return (
    <main className="vp-login">
      <Card>
        <CardTitle component="h1">{t.product}: {title}</CardTitle>
        <CardBody>
          <Form id="gate-form" onSubmit={(event) => void submit(event)}>
            {why && <p>{why}</p>}
            {error ? <Failure error={error} /> : null}
            {children}
            <ActionGroup><Button type="submit" isLoading={busy} isAriaDisabled={busy} isDisabled={!isReady}>{action}</Button></ActionGroup>
          </Form>
        </CardBody>
      </Card>
    </main>
  );
}

function Field({ id, label, value, change, autoComplete, secret, optional, wrong }: {
  id: string; label: string; value: string; change: (value: string) => void; autoComplete: string; secret?: boolean; optional?: boolean; wrong?: string;
}) {
  return (
    <FormGroup label={label} fieldId={id} isRequired={!optional}>
      <TextInput id={id} type={secret ? 'password' : 'text'} value={value} onChange={(_, text) => change(text)} autoComplete={autoComplete} validated={wrong ? 'error' : 'default'} isRequired={!optional} />
      {wrong && <FormHelperText><HelperText><HelperTextItem variant="error">{wrong}</HelperTextItem></HelperText></FormHelperText>}
    </FormGroup>
  );
}
