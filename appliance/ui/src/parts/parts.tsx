// Small things that every page shows.
import { Alert, Bullseye, Button, Label, Modal, ModalBody, ModalFooter, ModalHeader, PageSection, Spinner, TextInput, Title } from '@patternfly/react-core';
import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from 'react';
import { useLocation } from 'react-router';
import { ApiError } from '../api/client';
import { relative, time } from '../format/format';
import { t } from '../strings';
import { fieldName, named } from './fieldName';
import { isFocusLost } from './focus';

/** A page's heading with its actions, and its content. */
export function PageFrame({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  const { pathname } = useLocation();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => { document.title = `${title} · ${t.product}`; }, [title]);
  // Who went here by a link goes on at the heading.
  useEffect(() => { if (isFocusLost() || document.activeElement?.closest('nav')) heading.current?.focus({ preventScroll: true }); }, [pathname]);
  return (
    <>
      <PageSection hasBodyWrapper={false}>
        <div className="vp-heading"><Title headingLevel="h1" ref={heading} tabIndex={-1}>{title}</Title><div className="vp-actions">{actions}</div></div>
      </PageSection>
      <PageSection hasBodyWrapper={false} isFilled>{children}</PageSection>
    </>
  );
}

export const Loading = () => <Bullseye><Spinner aria-label={t.loading} /></Bullseye>;

/** Why something failed and what to do. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const problem = error instanceof ApiError ? error : new ApiError(0, String(error), '');
  const place = useRef<HTMLDivElement>(null);
  // It may stand above what is in sight: the button of a long form is at its end.
  useEffect(() => { void place.current?.scrollIntoView({ block: 'nearest' }); }, [error]);
  const isOfFields = problem.fields.length > 0;
  return (
    <div ref={place} role="alert">
      <Alert component="p" variant="danger" isInline title={isOfFields ? t.notTaken : named(problem.message)} actionLinks={retry && <Button variant="link" isInline onClick={retry}>{t.retry}</Button>}>
        {problem.fields.map(({ field, problem: what, fix }) => <p key={`${field} ${what}`}>{fieldName(field)}: {what} {fix}</p>)}
        {!isOfFields && problem.guidance && <p>{problem.guidance}</p>}
      </Alert>
    </div>
  );
}

const colours: Record<string, 'green' | 'red' | 'orange' | 'blue' | 'grey'> = {
  SUCCESS: 'green', FINISHED: 'green', ONLINE: 'green', MOUNTED: 'green', ON: 'green', PRESENT: 'green', VERIFIED: 'green', OK: 'green',
  FAILED: 'red', OFFLINE: 'red', ERROR: 'red', DENIED: 'red', DAMAGED: 'red',
  RUNNING: 'blue', MOUNTING: 'blue', UNMOUNTING: 'blue', REMOVING: 'orange', WARNING: 'orange',
};

/** QUEUED → Queued. */
export const words = (name: string) => name.charAt(0).toUpperCase() + name.slice(1).toLowerCase().replaceAll('_', ' ');

export const StateLabel = ({ name }: { name: string | undefined | null }) => (name ? <Label color={colours[name] ?? 'grey'} isCompact>{words(name)}</Label> : <>–</>);

/** The appliance that something belongs to, if not to this one. */
export const Owner = ({ of }: { of: { name?: string | null } | null | undefined }) => (of ? <> <Label color="teal" isCompact>{of.name}</Label></> : null);

/** How long ago, with the exact time as its title; renewed by the minute. */
export function When({ at, none = '–' }: { at: number | null | undefined; none?: string }) {
  const [, renew] = useState(0);
  useEffect(() => {
    const timer = window.setInterval(() => renew((count) => count + 1), 30_000);
    return () => window.clearInterval(timer);
  }, []);
  return at == null ? <>{none}</> : <time className="vp-nowrap" dateTime={new Date(at).toISOString()} title={time(at)}>{relative(at, Date.now())}</time>;
}

/** Asks once before something is lost; a name is typed where data is destroyed. */
export function Confirm({ title, what, action, typedName, dismiss, confirm, close }: {
  title: string; what: string; action: string; typedName?: string; dismiss?: string; confirm: () => Promise<unknown>; close: () => void;
}) {
  const [typed, setTyped] = useState('');
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const go = async () => {
    setBusy(true);
    try {
      await confirm();
      close();
    } catch (failed) {
      setError(failed);
      setBusy(false);
    }
  };
  return (
    <Modal isOpen variant="small" onClose={close} aria-labelledby="confirm-title">
      <ModalHeader title={title} titleIconVariant="warning" labelId="confirm-title" />
      <ModalBody>
        <p>{what}</p>
        {typedName && <div className="vp-typed"><p>{t.restore.typeName(typedName)}</p><TextInput aria-label={t.restore.typeName(typedName)} value={typed} onChange={(_, value) => setTyped(value)} /></div>}
        {error ? <div className="vp-failed"><Failure error={error} /></div> : null}
      </ModalBody>
      <ModalFooter>
        <Button variant="danger" isLoading={busy} isAriaDisabled={busy} isDisabled={typedName !== undefined && typed !== typedName} onClick={() => void go()}>{action}</Button>
        <Button variant="link" onClick={close}>{dismiss ?? t.cancel}</Button>
      </ModalFooter>
    </Modal>
  );
}

/** Something that was done, with the task that goes on with it; or that went wrong. */
export type Notice = { text: string; task?: string; error?: unknown };

/** Tells the person. */
export const Notices = createContext<(notice: Notice) => void>(() => {});

/** Runs an action and tells how it went. */
export function useAction() {
  const tell = useContext(Notices);
  return async (action: () => Promise<unknown>, done: string) => {
    try {
      await action();
      tell({ text: done });
    } catch (error) {
      tell({ text: '', error });
    }
  };
}

/** Tells the person once work is done; what goes wrong is the dialog's to show. */
export function useTold() {
  const tell = useContext(Notices);
  return async (work: Promise<unknown>, done: string) => {
    await work;
    tell({ text: done });
  };
}
