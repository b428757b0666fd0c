import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { body, client, type Schemas } from '../api/client';
import { Text } from '../parts/fields';
import { PlaceFields, usePlace } from '../parts/PlaceFields';
import { t } from '../strings';
import { StepForm } from './StepForm';

/** Makes the repository that backups go to when nobody says where. The step is over when it is there, so its recovery key is shown by who outlives the step. */
export function RepositoryStep({ made }: { made: (recoveryKey: string | null) => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState('main');
  const place = usePlace('/backup/main');
  return (
    <StepForm action={t.plans.setup.make} isReady={name.trim() !== '' && place.isReady} act={async () => {
      const added = await body(client.POST('/api/backup-destinations', { body: { name, ...place.request, defaultBackupDestination: true } as Schemas['DestinationRequest'] }));
      made(added.recoveryKey ?? null);
      await queries.invalidateQueries({ queryKey: ['backup-destinations'] });
    }}>
      <PlaceFields id="setup" place={place} />
      <Text id="setup-repository" label={t.plans.setup.repositoryName} value={name} change={setName} required />
    </StepForm>
  );
}
