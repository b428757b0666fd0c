import { Alert } from '@patternfly/react-core';
import type { Schemas } from '../api/client';
import { t } from '../strings';

/** Whether a platform can be used, and what is amiss. */
export const CheckResult = ({ name, check }: { name: string; check: Schemas['Check'] }) => (
  <Alert component="p" isInline className="vp-about" variant={check.usable ? 'success' : 'danger'} title={`${name}: ${check.usable ? t.infrastructure.usable : t.infrastructure.notUsable}`}>
    {check.product && <p>{check.product}</p>}
    {check.findings.map((finding) => <p key={finding}>{finding}</p>)}
  </Alert>
);
