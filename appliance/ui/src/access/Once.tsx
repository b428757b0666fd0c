import { Button, Checkbox, ClipboardCopy, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useState } from 'react';
import { useNoEscape } from '../parts/focus';
import { t } from '../strings';

/** A secret that is shown this once; it is left only after the person has said that it is kept. */
export function Once({ title, why, secrets, said = t.access.kept, close }: { title: string; why: string; secrets: string[]; said?: string; close: () => void }) {
  const [kept, setKept] = useState(false);
  useNoEscape();
  return (
    <Modal isOpen variant="medium" aria-labelledby="once-title">
      <ModalHeader title={title} titleIconVariant="warning" labelId="once-title" />
      <ModalBody>
        <p className="vp-about">{why}</p>
        <ClipboardCopy isReadOnly isCode isBlock className="vp-pre" hoverTip={t.copy} clickTip={t.copied} copyAriaLabel={t.copy} textAriaLabel={title} variant="inline-compact">{secrets.join('\n')}</ClipboardCopy>
        <Checkbox className="vp-typed" id="once-kept" label={said} isChecked={kept} onChange={(_, value) => setKept(value)} />
      </ModalBody>
      <ModalFooter><Button isDisabled={!kept} onClick={close}>{t.destinations.done}</Button></ModalFooter>
    </Modal>
  );
}
