import { Button, Checkbox, ClipboardCopy, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useState } from 'react';
import { t } from '../strings';
import { useNoEscape } from './focus';

/** Shows a repository's recovery key this once; goes away when the person says that it is kept, and no other way. */
export function RecoveryKey({ recoveryKey, done }: { recoveryKey: string; done: () => void }) {
  const [kept, setKept] = useState(false);
  useNoEscape();
  return (
    <Modal isOpen variant="medium" aria-labelledby="key-title">
      <ModalHeader title={t.destinations.keyTitle} titleIconVariant="warning" labelId="key-title" />
      <ModalBody>
        <p className="vp-about">{t.destinations.keyWhy}</p>
        <ClipboardCopy isReadOnly isCode textAriaLabel={t.destinations.keyTitle}>{recoveryKey}</ClipboardCopy>
        <Checkbox className="vp-typed" id="key-kept" label={t.destinations.keyKept} isChecked={kept} onChange={(_, value) => setKept(value)} />
      </ModalBody>
      <ModalFooter><Button isDisabled={!kept} onClick={done}>{t.destinations.done}</Button></ModalFooter>
    </Modal>
  );
}
