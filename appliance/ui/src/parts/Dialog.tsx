import { Button, Form, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { t } from '../strings';
import { Failure } from './parts';

/** A dialog with any fields: what the server refuses is shown and can be put right; closes when `submit` is done. */
export function Dialog({ title, about, action, isReady = true, isDanger, isWide, submit, close, children }: {
  title: string; about?: string; action: string; isReady?: boolean; isDanger?: boolean; isWide?: boolean; submit: () => Promise<unknown>; close: () => void; children: ReactNode;
}) {
  const id = useId();
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
    <Modal isOpen variant={isWide ? 'large' : 'medium'} onClose={close} aria-labelledby={`${id}-title`}>
      <ModalHeader title={title} description={about} labelId={`${id}-title`} />
      <ModalBody>
        <Form onSubmit={(event) => void go(event)} id={id}>
          {error ? <Failure error={error} /> : null}
          {children}
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form={id} variant={isDanger ? 'danger' : 'primary'} isDisabled={!isReady || busy} isLoading={busy}>{action}</Button>
        <Button variant="link" onClick={close}>{t.cancel}</Button>
      </ModalFooter>
    </Modal>
  );
}
