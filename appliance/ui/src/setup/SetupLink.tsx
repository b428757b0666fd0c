import { Button } from '@patternfly/react-core';
import { useNavigate } from 'react-router';
import { t } from '../strings';

export function SetupLink() {
  const navigate = useNavigate();
  return <Button onClick={() => void navigate('/setup')}>{t.plans.setup.start}</Button>;
}
