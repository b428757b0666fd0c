import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { ApiError, body, client, onSessionEnd, type Schemas, setCsrf } from '../api/client';
import { includes } from './permission';

export type User = Schemas['UserInfo'];

const key = 'user-info';

/** Windows of this browser share a session: what one of them does to it the others hear of. */
const windows = new BroadcastChannel('vprotect-session');
let last = '';

/** Nothing that was read is left to who comes next. */
export const forget = (queries: QueryClient) => queries.removeQueries({ predicate: (query) => query.queryKey[0] !== key });

/** Somebody has logged in, here or in another window. */
export function welcome(queries: QueryClient, user: User) {
  if (last !== user.guid) forget(queries);
  last = user.guid;
  setCsrf(user.csrfToken);
}

/** Tells the other windows. */
export const tellWindows = (what: 'in' | 'out') => windows.postMessage(what);

/** Calls back when somebody logs in or out in another window. */
export function useOtherWindows(then: (what: 'in' | 'out') => void) {
  useEffect(() => {
    const hear = ({ data }: MessageEvent<'in' | 'out'>) => then(data);
    windows.addEventListener('message', hear);
    return () => windows.removeEventListener('message', hear);
  });
}

/** Who is logged in; null when nobody is, undefined while it is not known. */
export function useUser() {
  const queries = useQueryClient();
  useEffect(() => onSessionEnd(() => queries.setQueryData([key], null)), [queries]);
  return useQuery({
    queryKey: [key],
    queryFn: async (): Promise<User | null> => {
      try {
        const user = await body(client.GET('/api/user-info'));
        welcome(queries, user);
        return user;
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) return null;
        throw error;
      }
    },
    retry: true,
    retryDelay: 2000,
    staleTime: 60_000,
  });
}

/** Whether a user may do something, with all objects or with some. */
export const may = (user: User, permission: string) => [...user.permissions, ...user.limitedPermissions].some((held) => includes(held, permission));

/** What whoever is logged in may do: buttons that would be refused are not shown. */
export function useMay(): (permission: string) => boolean {
  const user = useUser().data;
  return (permission) => !!user && may(user, permission);
}
