import { Alert } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Loading } from '../parts/parts';
import { t } from '../strings';
import { ChangePassword, Login } from './Login';
import { LogInAgain } from './LogInAgain';
import { forget, type User, useOtherWindows, useUser } from './session';
import { Shell } from './Shell';

/**
 * Who is not logged in logs in and is then where the address says; who must change the password does that first. A session that ends takes nothing away: the page stays, unseen, with all that was
 * written in it, until its user logs in again, or is left when another user does or somebody logs out.
 */
export function App() {
  const user = useUser();
  const queries = useQueryClient();
  const [kept, keep] = useState<User>();
  if (user.data && user.data !== kept) keep(user.data);
  const isOver = user.data === null && kept !== undefined;
  const leave = () => {
    keep(undefined);
    forget(queries);
    queries.setQueryData(['user-info'], null);
  };
  useOtherWindows((what) => (what === 'out' ? leave() : void queries.invalidateQueries({ queryKey: ['user-info'] })));
  // What happened meanwhile nobody told this page.
  useEffect(() => (isOver ? () => void queries.invalidateQueries() : undefined), [isOver, queries]);
  if (user.data?.mustChangePassword) return <ChangePassword user={user.data} />;
  const shown = user.data ?? kept;
  if (shown) return <><Shell key={shown.guid} user={shown} isOver={isOver} leave={leave} />{isOver && <LogInAgain user={shown} />}</>;
  if (user.data === null) return <Login />;
  return <main aria-label={t.product}>{user.failureCount > 0 && <Alert component="p" variant="warning" isInline title={t.lost} />}<Loading /></main>;
}
