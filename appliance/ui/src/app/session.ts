import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { ApiError, body, client, onSessionEnd, type Schemas, setCsrf } from '../api/client';
import { includes } from './permission';

export type User = Schemas['UserInfo'];

/** Who is logged in; null when nobody is, undefined while it is not known. */
export function useUser() {
  const queries = useQueryClient();
  useEffect(() => onSessionEnd(() => queries.setQueryData(['user-info'], null)), [queries]);
  return useQuery({
    queryKey: ['user-info'],
    queryFn: async (): Promise<User | null> => {
      try {
        const user = await body(client.GET('/api/user-info'));
        setCsrf(user.csrfToken);
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
