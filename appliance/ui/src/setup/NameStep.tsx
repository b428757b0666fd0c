import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { body, client, type Schemas } from '../api/client';
import { Text } from '../parts/fields';
import { t } from '../strings';
import { StepForm } from './StepForm';

export function NameStep({ settings }: { settings: Schemas['GlobalSettings'] }) {
  const queries = useQueryClient();
  const [name, setName] = useState(window.location.hostname);
  return (
    <StepForm action={t.plans.setup.next} isReady={name.trim() !== ''} act={async () => {
      await body(client.PUT('/api/global-settings', { body: { ...settings, applianceName: name.trim() } }));
      await Promise.all([queries.invalidateQueries({ queryKey: ['global-settings'] }), queries.invalidateQueries({ queryKey: ['user-info'] })]);
    }}>
      <Text id="setup-name" label={t.plans.setup.nameLabel} value={name} change={setName} help={t.plans.setup.nameHelp} required />
    </StepForm>
  );
}
