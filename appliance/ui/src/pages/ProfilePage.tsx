import { Button, Card, CardBody, CardTitle } from '@patternfly/react-core';
import { useState } from 'react';
import { PageTabs } from '../access/PageTabs';
import { SecondFactor } from '../access/SecondFactor';
import { Sessions } from '../access/Sessions';
import { Tokens } from '../access/Tokens';
import { useUser } from '../app/session';
import { body, client } from '../api/client';
import { Dialog } from '../parts/Dialog';
import { Facts } from '../parts/Facts';
import { Text } from '../parts/fields';
import { PageFrame, useTold } from '../parts/parts';
import { t } from '../strings';

/** Oneself: password, authenticator, sessions, tokens. */
export default function ProfilePage() {
  const user = useUser().data;
  const [changing, setChanging] = useState(false);
  if (!user) return null;
  return (
    <PageFrame title={t.profile.title} actions={<Button variant="secondary" onClick={() => setChanging(true)}>{t.login.changeTitle}</Button>}>
      <Facts facts={[[t.access.login, user.login], [t.access.fullName, user.fullName], [t.access.email, user.email], [t.access.permissions, user.permissions.map((one) => one === '*' ? t.access.everything : one).join(', ') || '–'], [t.profile.limited, user.limitedPermissions.join(', ') || '–']]} />
      <Card className="vp-card"><CardTitle component="h2">{t.access.factor}</CardTitle><CardBody><SecondFactor isMade={user.secondFactor} /></CardBody></Card>
      <PageTabs label={t.profile.title} tabs={[['sessions', t.access.sessions, <Sessions />], ['tokens', t.access.tokens, <Tokens />]]} />
      {changing && <PasswordDialog close={() => setChanging(false)} />}
    </PageFrame>
  );
}

function PasswordDialog({ close }: { close: () => void }) {
  const told = useTold();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [again, setAgain] = useState('');
  return (
    <Dialog title={t.login.changeTitle} about={t.profile.passwordAbout} action={t.login.change} isReady={current !== '' && next !== '' && next === again} close={close}
      submit={() => told(body(client.PUT('/api/session/password', { body: { currentPassword: current, newPassword: next } })), t.profile.passwordChanged)}>
      <Text id="current" label={t.login.current} value={current} change={setCurrent} secret autoComplete="current-password" required />
      <Text id="next" label={t.login.next} value={next} change={setNext} secret required />
      <Text id="again" label={t.login.again} value={again} change={setAgain} secret required wrong={again !== '' && again !== next ? t.login.differ : undefined} />
    </Dialog>
  );
}
