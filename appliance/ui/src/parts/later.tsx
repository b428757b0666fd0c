import { type ComponentType, useEffect, useState } from 'react';
import { Failure, Loading } from './parts';

const reloadedAt = 'vp-reloaded-at';

/** A change of networks, or an update of the server, loses a page's file, and the browser does not ask for it again: the whole is read anew, if the server answers, and not over and over. */
async function readAnew(): Promise<boolean> {
  if (Date.now() - Number(sessionStorage.getItem(reloadedAt) ?? 0) < 30_000) return false;
  sessionStorage.setItem(reloadedAt, String(Date.now()));
  await new Promise((done) => { window.setTimeout(done, 500); });
  if (!await fetch(window.location.href, { cache: 'no-store' }).then((answer) => answer.ok, () => false)) return false;
  window.location.reload();
  return true;
}

/**
 * A page that is loaded when it is first shown, or before by `load`. Not React's `lazy`: Suspense keeps its fallback for 300 ms once that is shown, which would be most of the time to the first page,
 * and what cannot be loaded (the server restarts, or has been updated since) would leave an empty window.
 */
export function later(read: () => Promise<{ default: ComponentType }>) {
  let Page: ComponentType | undefined;
  let loading: Promise<void> | undefined;
  const load = () => loading ??= read().then((module) => { Page = module.default; }, (error: unknown) => {
    loading = undefined;
    throw error;
  });
  function Later() {
    const [, setLoaded] = useState(false);
    const [error, setError] = useState<unknown>();
    const isMissing = Page === undefined && error === undefined;
    useEffect(() => {
      let isShown = isMissing;
      if (isMissing) load().then(() => isShown && setLoaded(true), async (failed: unknown) => { if (isShown && !await readAnew() && isShown) setError(failed); });
      return () => { isShown = false; };
    }, [isMissing]);
    if (Page) return <Page />;
    // The page's file may have another name by now: the whole is read again.
    return error === undefined ? <Loading /> : <Failure error={error} retry={() => window.location.reload()} />;
  }
  return { Page: Later, load };
}
