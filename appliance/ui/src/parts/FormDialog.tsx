import { Button, Form, FormGroup, Modal, ModalBody, ModalFooter, ModalHeader, TextInput } from '@patternfly/react-core';
import { type FormEvent, useState } from 'react';
import { t } from '../strings';
import { Failure } from './parts';

export type DialogField = { name: string; label: string; value?: string; secret?: boolean; required?: boolean };

/** A few fields and what to do with them; what the server refuses is shown and can be put right. */
export function FormDialog({ title, fields, action, submit, close }: { title: string; fields: DialogField[]; action: string; submit: (values: Record<string, string>) => Promise<unknown>; close: () => void }) {
  const [values, setValues] = useState<Record<string, string>>(() => Object.fromEntries(fields.map((field) => [field.name, field.value ?? ''])));
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const isReady = fields.every((field) => !field.required || values[field.name].trim() !== '');
  const go = async (event?: FormEvent) => {
    event?.preventDefault();
    if (!isReady || busy) return;
    setBusy(true);
    setError(undefined);
    try {
      await submit(values);
      close();
    } catch (failed) {
      setError(failed);
      setBusy(false);
    }
  };
  return (
    <Modal isOpen variant="medium" onClose={close} aria-labelledby="dialog-title">
      <ModalHeader title={title} labelId="dialog-title" />
      <ModalBody>
        <Form onSubmit={(event) => void go(event)} id="dialog-form">
          {error ? <Failure error={error} /> : null}
          {fields.map((field) => (
            <FormGroup key={field.name} label={field.label} fieldId={`dialog-${field.name}`} isRequired={field.required}>
              <TextInput id={`dialog-${field.name}`} type={field.secret ? 'password' : 'text'} autoComplete={field.secret ? 'new-password' : 'off'} value={values[field.name]}
                onChange={(_, value) => setValues((all) => ({ ...all, [field.name]: value }))} />
            </FormGroup>
          ))}
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form="dialog-form" isDisabled={!isReady || busy} isLoading={busy}>{action}</Button>
        <Button variant="link" onClick={close}>{t.cancel}</Button>
      </ModalFooter>
    </Modal>
  );
}
