import type { QueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useQueryClient } from '@tanstack/react-query';
import { staleBy } from './stale';

const names = ['backup-destinations', 'hypervisor-managers', 'hypervisors', 'virtual-machine-disks', 'virtual-machines', 'mounted-backups', 'nodes', 'policies',
  'backups', 'rules', 'schedules', 'global-settings', 'snapshots', 'task-log', 'tasks', 'users', 'workflow-executions'];

const graceMs = 4000;

/** Listens to /api/events while mounted and a session lasts, and reads again what has changed. Answers whether the server is heard. */
export function useLiveUpdates(isOn: boolean): boolean {
  const queries = useQueryClient();
  const [connected, setConnected] = useState(true);
  useEffect(() => {
    if (!isOn) return undefined;
    let source: EventSource;
    let retry = 0;
    let grace = 0;
    let wasLost = false;
    const stale = new Set<string>();
    // Changes come in bursts: what they touch is read again twice a second at most.
    const timer = window.setInterval(() => flush(queries, stale), 500);
    const open = () => {
      source = new EventSource('/api/events');
      source.onopen = () => {
        window.clearTimeout(grace);
        grace = 0;
        setConnected(true);
        if (wasLost) void queries.invalidateQueries();
        wasLost = false;
      };
      source.onerror = () => {
        // The server ends a stream when rights change, too; what comes back at once was not lost.
        if (grace === 0) grace = window.setTimeout(() => setConnected(false), graceMs);
        wasLost = true;
        if (source.readyState === EventSource.CLOSED) {
          // Refused: the session may have ended, which reading who we are finds out.
          void queries.invalidateQueries({ queryKey: ['user-info'] });
          retry = window.setTimeout(open, 3000);
        }
      };
      source.addEventListener('reset', ({ data }: MessageEvent<string>) => {
        const { table } = JSON.parse(data) as { table?: string };
        if (table) staleBy(table).forEach((key) => stale.add(key));
        else void queries.invalidateQueries();
      });
      for (const name of names) source.addEventListener(name, () => staleBy(name).forEach((key) => stale.add(key)));
    };
    open();
    return () => {
      window.clearInterval(timer);
      window.clearTimeout(retry);
      window.clearTimeout(grace);
      source.close();
    };
  }, [queries, isOn]);
  return connected || !isOn;
}

function flush(queries: QueryClient, stale: Set<string>) {
  for (const key of stale) void queries.invalidateQueries({ queryKey: [key] });
  stale.clear();
}
