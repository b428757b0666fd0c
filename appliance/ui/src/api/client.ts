import createClient from 'openapi-fetch';
import { isAttended } from '../app/attendance';
import { t } from '../strings';
import type { components, paths } from './schema';

export type Schemas = components['schemas'];
export type Named = { guid: string; name?: string | null };

/** What went wrong, as the server tells it; status 0 when there was no answer. */
export class ApiError extends Error {
  constructor(readonly status: number, message: string, readonly guidance: string, readonly fields: { field: string; problem: string; fix: string }[] = [], readonly code = 0) {
    super(message);
  }
}

const csrfHeader = 'X-CSRF-Token';
const unattendedHeader = 'X-Unattended';
const unauthenticated = 5001;
const whoAmI = '/api/user-info';
let csrfToken = '';
let whenSessionEnds = () => {};
/** There from the end of a session to the next log-in. */
let gate: { opened: Promise<void>; open: () => void } | undefined;

/** Remembers what changes must carry, once somebody is logged in; what waits for that goes on. */
export function setCsrf(token: string | null | undefined) {
  csrfToken = token ?? '';
  gate?.open();
  gate = undefined;
}

function closeGate() {
  if (gate) return gate;
  let open = () => {};
  const opened = new Promise<void>((resolve) => { open = resolve; });
  return gate = { opened, open };
}

/** What a page reads is put off while nobody is logged in: neither asked over and over, nor told as a failure where a person was writing. What changes something is refused, and done by the person once more. */
const waits = (request: Request) => request.method === 'GET' && new URL(request.url).pathname !== whoAmI;

/** Calls back when the server no longer knows the session. */
export const onSessionEnd = (then: () => void) => { whenSessionEnds = then; };

export const client = createClient<paths>({ baseUrl: '/', credentials: 'same-origin' });
client.use({
  async onRequest({ request }) {
    if (gate && waits(request)) await gate.opened;
    if (csrfToken) request.headers.set(csrfHeader, csrfToken);
    if (!isAttended()) request.headers.set(unattendedHeader, 'true');
    return request;
  },
  async onResponse({ request, response }) {
    if (response.status !== 401 || request.url.endsWith('/login')) return undefined;
    // What was asked before a log-in is refused after it: that tells nothing about the new session.
    const ended = (request.headers.get(csrfHeader) ?? '') === csrfToken ? closeGate() : undefined;
    if (ended) whenSessionEnds();
    if (!waits(request)) return undefined;
    await response.arrayBuffer(); // What nobody reads would keep its connection.
    await ended?.opened;
    request.headers.set(csrfHeader, csrfToken);
    return fetch(request);
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
    throw new ApiError(0, t.noAnswer, t.noAnswerGuidance);
  }
  if (!answer.response.ok) {
    const problem = answer.error as Partial<Schemas['Problem']> | undefined;
    if (problem?.code === unauthenticated) throw new ApiError(answer.response.status, t.login.refused, t.login.refusedGuidance, [], problem.code);
    throw new ApiError(answer.response.status, problem?.message ?? answer.response.statusText, problem?.guidance ?? '',
      problem?.fields ?? [], problem?.code ?? 0);
  }
  return answer;
}
