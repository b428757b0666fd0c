import { Alert, Card, CardBody, CardTitle, ProgressStep, ProgressStepper } from '@patternfly/react-core';
import { useEffect, useRef, useState } from 'react';
import { Link } from 'react-router';
import { Failure, Loading, PageFrame } from '../parts/parts';
import { RecoveryKey } from '../parts/RecoveryKey';
import { HypervisorStep } from '../setup/HypervisorStep';
import { NameStep } from '../setup/NameStep';
import { PolicyStep } from '../setup/PolicyStep';
import { RepositoryStep } from '../setup/RepositoryStep';
import { RunStep } from '../setup/RunStep';
import { setupSteps } from '../setup/steps';
import { useSetup } from '../setup/useSetup';
import { t } from '../strings';

const s = t.plans.setup;

/** From a bare appliance to its first backup. */
export default function SetupPage() {
  const setup = useSetup();
  const { step } = setup;
  const [recoveryKey, setRecoveryKey] = useState<string | null>(null);
  const titles = { name: s.nameTitle, repository: s.repositoryTitle, hypervisor: s.hypervisorTitle, policy: s.policyTitle, run: s.runTitle };
  const part = useRef<HTMLDivElement>(null);
  const before = useRef(step);
  // Each step is told by its heading, once the recovery key of the one before is kept.
  useEffect(() => {
    if (recoveryKey || !step || before.current === step) return;
    const isFirst = before.current === undefined;
    before.current = step;
    const heading = part.current?.querySelector('h2');
    heading?.setAttribute('tabindex', '-1');
    if (!isFirst) heading?.focus();
  }, [step, recoveryKey]);
  const now = step === 'done' ? setupSteps.length : step ? setupSteps.indexOf(step) : 0;
  return (
    <PageFrame title={s.title}>
      {setup.error ? <Failure error={setup.error} retry={setup.retry} /> : null}
      {!step && !setup.error && <Loading />}
      {step && (
        <div className="vp-setup">
          <ProgressStepper isVertical aria-label={s.steps}>
            {setupSteps.map((one, index) => {
              const variant = index < now ? 'success' : index === now ? 'info' : 'pending';
              return <ProgressStep key={one} id={`step-${one}`} titleId={`step-${one}-title`} variant={variant} isCurrent={index === now} aria-label={`${s[one]}: ${variant === 'success' ? s.doneStep : variant === 'info' ? s.nowStep : s.laterStep}`}>{s[one]}</ProgressStep>;
            })}
          </ProgressStepper>
          <div ref={part}>{step === 'done' ? (
            <Alert variant="success" isInline component="h2" title={s.done} actionLinks={<div className="vp-links"><Link to="/machines">{s.toMachines}</Link><Link to="/policies">{s.toPolicies}</Link><Link to="/">{s.toDashboard}</Link></div>}>{s.doneWhat}</Alert>
          ) : (
            <Card>
              <CardTitle component="h2">{titles[step]}</CardTitle>
              <CardBody>
                {now === 0 && <p className="vp-about">{s.why}</p>}
                {step === 'name' && <NameStep settings={setup.settings!} />}
                {step === 'repository' && <RepositoryStep made={setRecoveryKey} />}
                {step === 'hypervisor' && <HypervisorStep hosts={setup.hosts} />}
                {step === 'policy' && <PolicyStep destination={setup.destination!.guid} machines={setup.machines} />}
                {step === 'run' && <RunStep policy={setup.policy!} />}
              </CardBody>
            </Card>
          )}</div>
        </div>
      )}
      {recoveryKey && <RecoveryKey recoveryKey={recoveryKey} done={() => setRecoveryKey(null)} />}
    </PageFrame>
  );
}
