import createClient from 'openapi-fetch';
import type { components, paths } from './schema';

export type Schemas = components['schemas'];
export type Named = { guid: string; name?: string | null };

/** What went wrong, as the server tells it; status 0 when there was no answer. */
export class ApiError extends Error {
  constructor(readonly status: number, message: string, readonly guidance: string, readonly fields: { field: string; message: string }[] = [], readonly code = 0) {
    super(message);
  }
}

const csrfHeader = 'X-CSRF-Token';
let csrfToken = '';
let whenSessionEnds = () => {};

/** Remembers what changes must carry. */
export const setCsrf = (token: string | null | undefined) => { csrfToken = token ?? ''; };
/** Calls back when the server no longer knows the session. */
export const onSessionEnd = (then: () => void) => { whenSessionEnds = then; };

export const client = createClient<paths>({ baseUrl: '/', credentials: 'same-origin' });
client.use({
  onRequest({ request }) {
    if (csrfToken) request.headers.set(csrfHeader, csrfToken);
    return request;
  },
  onResponse({ request, response }) {
    // What was asked before a log-in is refused after it: that tells nothing about the new session.
    if (response.status === 401 && !request.url.endsWith('/login') && (request.headers.get(csrfHeader) ?? '') === csrfToken) whenSessionEnds();
  },
});

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The answer's body, or an ApiError thrown. */
export async function body<T>(call: Promise<Answer<T>>): Promise<T> {
  return (await answered(call)).data as T;
}

/** A page of a list and the number of all its rows. */
export async function page<T>(call: Promise<Answer<T[]>>): Promise<{ rows: T[]; total: number }> {
  const { data, response } = await answered(call);
  return { rows: data ?? [], total: Number(response.headers.get('X-Total-Count') ?? data?.length ?? 0) };
}

async function answered<T>(call: Promise<Answer<T>>): Promise<Answer<T>> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch {
    throw new ApiError(0, 'The server does not answer.', 'It may be restarting; this page tries again.');
  }
  if (!answer.response.ok) {
    const problem = answer.error as Partial<Schemas['Problem']> | undefined;
    throw new ApiError(answer.response.status, problem?.message ?? answer.response.statusText, problem?.guidance ?? '',
      (problem?.fields ?? []).map((field) => ({ field: field.field, message: `${field.problem} ${field.fix}` })), problem?.code ?? 0);
  }
  return answer;
}
