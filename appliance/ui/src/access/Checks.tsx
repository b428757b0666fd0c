import { Checkbox, FormFieldGroup, FormFieldGroupHeader, SearchInput } from '@patternfly/react-core';
import { useState } from 'react';
import { t } from '../strings';

export type Check = { value: string; label: string; help?: string };

/** Any of several, each to be checked; many are filtered by what is typed. */
export function Checks({ id, label, options, chosen, change, isDisabled }: { id: string; label: string; options: Check[]; chosen: ReadonlySet<string>; change: (chosen: Set<string>) => void; isDisabled?: boolean }) {
  const [text, setText] = useState('');
  const shown = options.filter((one) => `${one.label} ${one.help ?? ''}`.toLowerCase().includes(text.toLowerCase()));
  return (
    <FormFieldGroup header={<FormFieldGroupHeader titleText={{ text: label, id }} titleDescription={t.access.chosen(chosen.size)} />} role="group" aria-labelledby={id}>
      {options.length > 12 && <SearchInput aria-label={`${label}: ${t.access.filter}`} placeholder={t.access.filter} value={text} onChange={(_, value) => setText(value)} onClear={() => setText('')} />}
      <div className="vp-checks" tabIndex={0} role="group" aria-labelledby={id}>
        {shown.map((one) => (
          <Checkbox key={one.value} id={`${id}-${one.value}`} label={one.label} description={one.help} isDisabled={isDisabled} isChecked={chosen.has(one.value)}
            onChange={(_, on) => {
              const next = new Set(chosen);
              if (on) next.add(one.value); else next.delete(one.value);
              change(next);
            }} />
        ))}
      </div>
    </FormFieldGroup>
  );
}
