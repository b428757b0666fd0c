import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';

const goneAfterMs = 30_000;
const everyMs = 15_000;
let touchedAt = Date.now();
for (const event of ['keydown', 'pointerdown', 'pointermove', 'wheel']) globalThis.addEventListener?.(event, () => { touchedAt = Date.now(); }, { capture: true, passive: true });

/** Whether a person is at the page. What the page asks for by itself, as things happen, does not prolong the session. */
export const isAttended = () => Date.now() - touchedAt < goneAfterMs;

/** Who writes long in a form asks for nothing, and is at work all the same: the session is prolonged. */
export function useAttendance(isOn: boolean) {
  const queries = useQueryClient();
  useEffect(() => {
    if (!isOn) return undefined;
    let told = touchedAt;
    const timer = window.setInterval(() => {
      if (touchedAt === told) return;
      told = touchedAt;
      void queries.invalidateQueries({ queryKey: ['user-info'] });
    }, everyMs);
    return () => window.clearInterval(timer);
  }, [queries, isOn]);
}
