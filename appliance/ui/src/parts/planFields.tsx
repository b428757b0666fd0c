// More fields of forms: numbers, switches, lengths of time.
import { FormGroup, FormHelperText, HelperText, HelperTextItem, NumberInput, Switch, TextInput } from '@patternfly/react-core';
import { type ReactNode, useRef, useState } from 'react';
import { asTime, ofTime } from '../format/daily';

const Help = ({ help }: { help?: ReactNode }) => (help ? <FormHelperText><HelperText><HelperTextItem>{help}</HelperTextItem></HelperText></FormHelperText> : null);

type Count = { id: string; label: string; min?: number; max?: number; help?: ReactNode; unit?: string };

/** A whole number, or none while the field is empty. What is typed is told as it is, and comes within the bounds when the field is left: who types 30 where 10 is the least begins with 3. */
export function WholeOrNone({ id, label, value, change, left, min = 0, max = 1_000_000, help, unit }: Count & { value: number | null; change: (value: number | null) => void; left?: () => void }) {
  const isTyped = useRef(false);
  const within = (next: number) => Math.min(max, Math.max(min, next));
  return (
    <FormGroup label={label} fieldId={id}>
      <NumberInput inputProps={{ id }} inputAriaLabel={label} minusBtnAriaLabel={`${label} −`} plusBtnAriaLabel={`${label} +`} min={min} max={max} value={value ?? ''} unit={unit}
        onMinus={() => change(within(Math.ceil(value ?? 0) - 1))} onPlus={() => change(within(Math.floor(value ?? 0) + 1))}
        onChange={(event) => {
          const field = event.target as HTMLInputElement;
          // PatternFly makes 0 of nothing when the field is left.
          if (event.type === 'blur') {
            field.value = String(value ?? '');
            return;
          }
          isTyped.current = true;
          change(field.value === '' ? null : Math.min(max, Math.max(0, Math.floor(Number(field.value)) || 0)));
        }}
        onBlur={() => {
          if (isTyped.current && value !== null && value !== within(value)) change(within(value));
          isTyped.current = false;
          left?.();
        }} />
      <Help help={help} />
    </FormGroup>
  );
}

/** A whole number from `min` to `max`, both included. */
export function Whole({ value, change, min = 0, ...rest }: Count & { value: number; change: (value: number) => void }) {
  const [isEmpty, setEmpty] = useState(false);
  return <WholeOrNone {...rest} min={min} value={isEmpty ? null : value} left={() => setEmpty(false)} change={(next) => {
    setEmpty(next === null);
    change(next ?? min);
  }} />;
}

/** A length of time that the API has in milliseconds, shown in whole units of `of` milliseconds. */
export const Span = ({ value, change, of, min = 0, max = 1_000_000, ...rest }: {
  id: string; label: string; value: number; change: (value: number) => void; of: number; min?: number; max?: number; help?: ReactNode; unit: string;
}) => <Whole {...rest} min={min} max={max} value={Math.round(value / of)} change={(units) => change(units * of)} />;

/** A time of day that the API has in milliseconds after midnight. */
export const TimeOfDay = ({ id, label, value, change, help }: { id: string; label: string; value: number | null; change: (value: number | null) => void; help?: ReactNode }) => (
  <FormGroup label={label} fieldId={id}>
    <TextInput id={id} type="time" value={value === null ? '' : asTime(value)} onChange={(_, text) => change(ofTime(text) ?? null)} />
    <Help help={help} />
  </FormGroup>
);

export const Toggle = ({ id, label, value, change, help }: { id: string; label: string; value: boolean; change: (value: boolean) => void; help?: ReactNode }) => (
  <FormGroup fieldId={id}>
    <Switch id={id} label={label} isChecked={value} onChange={(_, on) => change(on)} />
    <Help help={help} />
  </FormGroup>
);
