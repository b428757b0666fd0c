// More fields of forms: numbers, switches, lengths of time.
import { FormGroup, FormHelperText, HelperText, HelperTextItem, NumberInput, Switch, TextInput } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { asTime, ofTime } from '../format/daily';

const Help = ({ help }: { help?: ReactNode }) => (help ? <FormHelperText><HelperText><HelperTextItem>{help}</HelperTextItem></HelperText></FormHelperText> : null);

/** A whole number from `min` to `max`, both included. */
export function Whole({ id, label, value, change, min = 0, max = 1_000_000, help, unit }: {
  id: string; label: string; value: number; change: (value: number) => void; min?: number; max?: number; help?: ReactNode; unit?: string;
}) {
  const within = (next: number) => Math.min(max, Math.max(min, Math.floor(next) || 0));
  return (
    <FormGroup label={label} fieldId={id}>
      <NumberInput inputProps={{ id }} inputAriaLabel={label} minusBtnAriaLabel={`${label} −`} plusBtnAriaLabel={`${label} +`} min={min} max={max} value={value} unit={unit}
        onMinus={() => change(within(value - 1))} onPlus={() => change(within(value + 1))} onChange={(event) => change(within(Number((event.target as HTMLInputElement).value)))} />
      <Help help={help} />
    </FormGroup>
  );
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
