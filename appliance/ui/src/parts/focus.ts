import { type RefObject, useEffect } from 'react';

const fields = ':is(input, select, textarea):not(:disabled, [readonly])';

/** Whether what had the focus is gone, on a page that somebody works with: on one that was just opened, reading begins at its top. */
export const isFocusLost = () => navigator.userActivation.hasBeenActive && document.activeElement === document.body;

/** Takes the focus that is lost, when `what` changes: who works by keyboard goes on where the page goes on, and a screen reader tells what is there. */
export function useLostFocus(place: RefObject<HTMLElement | null>, what: unknown) {
  useEffect(() => { if (isFocusLost()) place.current?.focus(); }, [place, what]);
}

/** A dialog that is left by its button only: Escape would let the focus out of it. */
export function useNoEscape() {
  useEffect(() => {
    const keep = (event: KeyboardEvent) => { if (event.key === 'Escape') event.stopPropagation(); };
    window.addEventListener('keydown', keep, true);
    return () => window.removeEventListener('keydown', keep, true);
  }, []);
}

/** The first field of a form has the focus when the form appears; or only if nothing else has it. */
export function useFirstField(form: string, isYielding = false) {
  useEffect(() => {
    // A dialog holds the focus by then, and the one beneath it no longer.
    const timer = window.setTimeout(() => {
      const place = document.getElementById(form);
      // Whoever is quick already writes in one of them.
      if (place?.contains(document.activeElement) && document.activeElement?.matches(fields)) return;
      if (!isYielding || isFocusLost()) place?.querySelector<HTMLElement>(fields)?.focus();
    });
    return () => window.clearTimeout(timer);
  }, [form, isYielding]);
}
