import { Button, ClipboardCopy } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { body, client, type Schemas } from '../api/client';
import { Dialog } from '../parts/Dialog';
import { Text } from '../parts/fields';
import { t } from '../strings';
import { Once } from './Once';
import { QrCode } from './QrCode';

type Step = 'begin' | 'confirm' | 'renew' | 'remove';

/** One's own authenticator: made and confirmed, new recovery codes, taken away. */
export function SecondFactor({ isMade }: { isMade: boolean }) {
  const queries = useQueryClient();
  const [step, setStep] = useState<Step>();
  const [secret, setSecret] = useState<Schemas['SecondFactorSecret']>();
  const [codes, setCodes] = useState<readonly string[]>([]);
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const at = (next?: Step) => { setStep(next); setPassword(''); setCode(''); };
  const refresh = () => queries.invalidateQueries({ queryKey: ['user-info'] });
  const proof = { currentPassword: password, code };
  const passwordField = <Text id="factor-password" label={t.login.current} value={password} change={setPassword} secret autoComplete="current-password" required />;
  const codeField = <Text id="factor-code" label={t.profile.code} value={code} change={setCode} autoComplete="one-time-code" required />;
  return (
    <>
      <p>{isMade ? t.profile.factorMade : t.profile.factorWhy}</p>
      <div className="vp-row vp-tab">
        {isMade ? (
          <>
            <Button variant="secondary" onClick={() => at('renew')}>{t.profile.renew}</Button>
            <Button variant="danger" onClick={() => at('remove')}>{t.profile.removeFactor}</Button>
            <Button variant="link" onClick={() => at('begin')}>{t.profile.beginAgain}</Button>
          </>
        ) : <Button variant="secondary" onClick={() => at('begin')}>{t.profile.begin}</Button>}
      </div>
      {step === 'begin' && (
        <Dialog title={t.profile.begin} about={t.profile.beginAbout} action={t.profile.next} isReady={password !== ''} close={() => setStep((now) => (now === 'begin' ? undefined : now))} submit={async () => {
          setSecret(await body(client.POST('/api/session/second-factor', { body: { currentPassword: password } })));
          at('confirm');
        }}>{passwordField}</Dialog>
      )}
      {step === 'confirm' && secret && (
        <Dialog title={t.profile.scan} about={t.profile.scanAbout} action={t.profile.confirm} isReady={code !== ''} close={() => { at(); setSecret(undefined); }} submit={async () => {
          setCodes((await body(client.PUT('/api/session/second-factor', { body: { code } }))).recoveryCodes);
          await refresh();
        }}>
          <QrCode text={secret.uri} label={t.profile.qr} />
          <ClipboardCopy isReadOnly isCode hoverTip={t.copy} clickTip={t.copied} textAriaLabel={t.profile.secret}>{secret.secret}</ClipboardCopy>
          {codeField}
        </Dialog>
      )}
      {step === 'renew' && (
        <Dialog title={t.profile.renew} action={t.profile.renew} isReady={password !== '' && code !== ''} close={() => at()} submit={async () => {
          setCodes((await body(client.POST('/api/session/second-factor/recovery-codes', { body: proof }))).recoveryCodes);
        }}>{passwordField}{codeField}</Dialog>
      )}
      {step === 'remove' && (
        <Dialog title={t.profile.removeFactor} about={t.profile.removeWhat} action={t.profile.removeFactor} isDanger isReady={password !== '' && code !== ''} close={() => at()} submit={async () => {
          await body(client.POST('/api/session/second-factor/remove', { body: proof }));
          await refresh();
        }}>{passwordField}{codeField}</Dialog>
      )}
      {codes.length > 0 && <Once title={t.profile.codes} why={t.profile.codesWhy} secrets={[...codes]} close={() => setCodes([])} />}
    </>
  );
}
