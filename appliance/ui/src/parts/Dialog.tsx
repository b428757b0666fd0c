import { Button, Form, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { createContext, type FormEvent, type ReactNode, useContext, useId, useState } from 'react';
import { t } from '../strings';
import { useFirstField } from './focus';
import { Failure } from './parts';

/** Beside the form of a dialog: the focus goes to its first field, and not to what closes it. */
export function FirstField({ of }: { of: string }) {
  useFirstField(of);
  return null;
}

/** The dialog that another one stands in. */
const Outer = createContext('');

/** A dialog hides all beside it from screen readers each time it is drawn, so one in its form stands inside of it. */
const placeIn = (outer: string) => document.getElementById(outer)?.closest<HTMLElement>('.pf-v6-c-backdrop') ?? document.body;

/** A dialog with any fields: what the server refuses is shown and can be put right; closes when `submit` is done. */
export function Dialog({ title, about, action, isReady = true, isDanger, isWide, submit, close, children }: {
  title: string; about?: string; action: string; isReady?: boolean; isDanger?: boolean; isWide?: boolean; submit: () => Promise<unknown>; close: () => void; children: ReactNode;
}) {
  const id = useId();
  const box = `${id}-box`;
  const outer = useContext(Outer);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const go = async (event?: FormEvent) => {
    event?.preventDefault();
    // A dialog may stand in another one's form, as React sees it.
    event?.stopPropagation();
    if (!isReady || busy) return;
    setBusy(true);
    setError(undefined);
    try {
      await submit();
      close();
    } catch (failed) {
      setError(failed);
      setBusy(false);
    }
  };
  return (
    <Modal isOpen variant={isWide ? 'large' : 'medium'} onClose={close} id={box} appendTo={() => placeIn(outer)} onEscapePress={(event) => {
      // Escape is heard by every dialog, and is meant for the one that has the focus.
      if (document.getElementById(box)?.contains(event.target as Node)) close();
    }} aria-labelledby={`${id}-title`}>
      <ModalHeader title={title} description={about} labelId={`${id}-title`} />
      <ModalBody>
        <Form onSubmit={(event) => void go(event)} id={id}>
          {error ? <Failure error={error} /> : null}
          <Outer.Provider value={box}>{children}</Outer.Provider>
        </Form>
        <FirstField of={id} />
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form={id} variant={isDanger ? 'danger' : 'primary'} isDisabled={!isReady} isAriaDisabled={busy} isLoading={busy}>{action}</Button>
        <Button variant="link" onClick={close}>{t.cancel}</Button>
      </ModalFooter>
    </Modal>
  );
}
