import { FocusTrap } from '@patternfly/react-core';
import { useLayoutEffect } from 'react';
import { createPortal } from 'react-dom';
import { useNoEscape } from '../parts/focus';
import { Login } from './Login';
import type { User } from './session';

const gate = document.getElementById('gate')!;

/** In the place of a page whose session has ended. The page and its dialogs stay as they are, but nobody who passes by sees or reaches them. */
export function LogInAgain({ user }: { user: User }) {
  useNoEscape();
  useLayoutEffect(() => {
    document.body.classList.add('vp-over');
    // A dialog hides all beside it from screen readers, each time it is drawn.
    const show = () => gate.removeAttribute('aria-hidden');
    const observer = new MutationObserver(show);
    observer.observe(gate, { attributeFilter: ['aria-hidden'] });
    show();
    return () => {
      observer.disconnect();
      document.body.classList.remove('vp-over');
    };
  }, []);
  return createPortal(<FocusTrap focusTrapOptions={{ initialFocus: () => gate.querySelector<HTMLElement>('#password')! }}><Login again={user} /></FocusTrap>, gate);
}
