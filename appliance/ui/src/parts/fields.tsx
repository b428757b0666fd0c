// Fields of forms, each with its label.
import { FormGroup, FormHelperText, FormSelect, FormSelectOption, HelperText, HelperTextItem, TextArea, TextInput } from '@patternfly/react-core';
import { type ReactNode, useEffect, useRef } from 'react';
import { t } from '../strings';

type Of<Value> = { id: string; label: string; value: Value; change: (value: Value) => void; help?: ReactNode; required?: boolean };

const Help = ({ help, wrong }: { help?: ReactNode; wrong?: string }) => (help || wrong
  ? <FormHelperText><HelperText><HelperTextItem variant={wrong ? 'error' : 'default'}>{wrong ?? help}</HelperTextItem></HelperText></FormHelperText> : null);

export const Text = ({ id, label, value, change, help, required, secret, wrong, autoComplete }: Of<string> & { secret?: boolean; wrong?: string; autoComplete?: string }) => (
  <FormGroup label={label} fieldId={id} isRequired={required}>
    <TextInput id={id} type={secret ? 'password' : 'text'} autoComplete={autoComplete ?? (secret ? 'new-password' : 'off')} value={value} validated={wrong ? 'error' : 'default'} onChange={(_, text) => change(text)} />
    <Help help={help} wrong={wrong} />
  </FormGroup>
);

/** The name that is typed where data is destroyed. It comes into sight when it is asked for: the button that waits for it is seen always. */
export function TypedName({ id, name, value, change }: { id: string; name: string; value: string; change: (value: string) => void }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => { void place.current?.scrollIntoView({ block: 'nearest' }); }, []);
  return <div ref={place}><Text id={id} label={t.restore.typeName(name)} value={value} change={change} /></div>;
}

export const Lines = ({ id, label, value, change, help, required }: Of<string>) => (
  <FormGroup label={label} fieldId={id} isRequired={required}>
    <TextArea id={id} value={value} resizeOrientation="vertical" rows={4} spellCheck={false} onChange={(_, text) => change(text)} />
    <Help help={help} />
  </FormGroup>
);

export const Choice = ({ id, label, value, change, help, required, options }: Of<string> & { options: [value: string, label: string][] }) => (
  <FormGroup label={label} fieldId={id} isRequired={required}>
    <FormSelect id={id} value={value} onChange={(_, chosen) => change(chosen)}>{options.map(([key, name]) => <FormSelectOption key={key} value={key} label={name} />)}</FormSelect>
    <Help help={help} />
  </FormGroup>
);

/** A day and time in the browser's zone; milliseconds since 1970, or null while it is none. */
export const Moment = ({ id, label, value, change, help, required }: Of<number | null>) => (
  <FormGroup label={label} fieldId={id} isRequired={required}>
    <TextInput id={id} type="datetime-local" value={value === null ? '' : localTime(value)} onChange={(_, text) => change(text === '' ? null : new Date(text).getTime())} />
    <Help help={help} />
  </FormGroup>
);

/** "YYYY-MM-DDTHH:MM" in the browser's zone. */
export function localTime(at: number): string {
  const moment = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return moment.toISOString().slice(0, 16);
}

/** Lines or comma-separated words, without what is empty. */
export const wordsOf = (text: string) => text.split(/[\s,]+/).filter((word) => word !== '');
