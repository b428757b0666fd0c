import { ActionGroup, Button, Form } from '@patternfly/react-core';
import { type FormEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { useFirstField } from '../parts/focus';
import { Failure } from '../parts/parts';

/** A decision and what it does; what the server refuses is shown and can be put right. */
export function StepForm({ action, isReady, act, extra, children }: { action: string; isReady: boolean; act: () => Promise<unknown>; extra?: ReactNode; children: ReactNode }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const isThere = useRef(true);
  const id = useId();
  useFirstField(id, true);
  useEffect(() => { isThere.current = true; return () => { isThere.current = false; }; }, []);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!isReady || busy) return;
    setBusy(true);
    setError(undefined);
    try {
      await act();
    } catch (failed) {
      setError(failed);
    }
    if (isThere.current) setBusy(false);
  };
  return (
    <Form id={id} onSubmit={(event) => void submit(event)} maxWidth="44rem">
      {error ? <Failure error={error} /> : null}
      {children}
      <ActionGroup><Button type="submit" isLoading={busy} isAriaDisabled={busy} isDisabled={!isReady}>{action}</Button>{extra}</ActionGroup>
    </Form>
  );
}
