import { Alert } from '@patternfly/react-core';
import { Loading } from '../parts/parts';
import { t } from '../strings';
import { ChangePassword, Login } from './Login';
import { useUser } from './session';
import { Shell } from './Shell';

/** Who is not logged in logs in and is then where the address says; who must change the password does that first. */
export function App() {
  const user = useUser();
  if (user.data === null) return <Login />;
  if (user.data?.mustChangePassword) return <ChangePassword user={user.data} />;
  if (user.data) return <Shell user={user.data} />;
  return <main aria-label={t.product}>{user.failureCount > 0 && <Alert component="p" variant="warning" isInline title={t.lost} />}<Loading /></main>;
}
