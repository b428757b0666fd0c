import { Button, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { body, client, page, type Schemas } from '../api/client';
import { useMay } from '../app/session';
import { duration, size, time } from '../format/format';
import { ListTable } from '../parts/ListTable';
import { listQuery } from '../parts/listState';
import { Confirm, Failure, Loading, PageFrame, StateLabel, useAction, When } from '../parts/parts';
import { PlainTable } from '../parts/PlainTable';
import { RecoveryPlanDialog } from '../recovery/RecoveryPlanDialog';
import { t } from '../strings';

type Plan = Schemas['RecoveryPlan'];
const r = t.plans.recovery;
const overwritten = (plan: Plan) => plan.steps.filter((step) => step.overwrite).map((step) => step.virtualMachine?.name ?? '').join(', ');

export default function RecoveryPlansPage() {
  const queries = useQueryClient();
  const act = useAction();
  const may = useMay();
  const [editing, setEditing] = useState<Plan | 'new'>();
  const [deleting, setDeleting] = useState<Plan>();
  const [running, setRunning] = useState<Plan>();
  const [checking, setChecking] = useState<Plan>();
  const [showing, setShowing] = useState<Plan>();
  const mayWrite = may('policies.write');
  const run = (plan: Plan) => act(async () => {
    await body(client.POST('/api/recovery-plans/{guid}/run', { params: { path: { guid: plan.guid }, header: { 'Idempotency-Key': crypto.randomUUID() } } }));
    await queries.invalidateQueries({ queryKey: ['recovery-plans'] });
    setShowing(plan);
  }, r.runQueued);
  return (
    <PageFrame title={r.title} actions={mayWrite && <Button onClick={() => setEditing('new')}>{r.add}</Button>}>
      <ListTable<Plan> label={r.title} name="recovery-plans" empty={t.empty.recovery} read={(state) => page(client.GET('/api/recovery-plans', { params: { query: listQuery(state) } }))}
        columns={[
          { label: r.name, sort: 'name', cell: (row) => <>{row.name}{row.description && <div><small>{row.description}</small></div>}</> }, { label: r.steps, cell: (row) => row.steps.map((step) => step.virtualMachine?.name).join(', ') || '–' },
          { label: r.next, cell: (row) => row.nextRun ? <When at={row.nextRun} /> : r.never }, { label: r.last, cell: (row) => <When at={row.lastRun} /> },
        ]}
        rowActions={(row) => (
          <>
            <Button variant="secondary" size="sm" aria-label={`${r.check}: ${row.name}`} onClick={() => setChecking(row)}>{r.check}</Button>
            {may('tasks.restore') && <Button variant="secondary" size="sm" aria-label={`${r.run}: ${row.name}`} onClick={() => setRunning(row)}>{r.run}</Button>}
            {may('tasks.read') && <Button variant="secondary" size="sm" aria-label={`${r.showRuns}: ${row.name}`} onClick={() => setShowing(row)}>{r.showRuns}</Button>}
            {mayWrite && <Button variant="secondary" size="sm" aria-label={`${r.edit}: ${row.name}`} onClick={() => setEditing(row)}>{r.edit}</Button>}
            {mayWrite && <Button variant="danger" size="sm" aria-label={`${r.delete}: ${row.name}`} onClick={() => setDeleting(row)}>{r.delete}</Button>}
          </>
        )} />
      {editing && <RecoveryPlanDialog plan={editing === 'new' ? undefined : editing} close={() => setEditing(undefined)} />}
      {deleting && <Confirm title={r.deleteTitle(deleting.name)} what={r.deleteWhat} action={r.delete} close={() => setDeleting(undefined)} confirm={async () => {
        await body(client.DELETE('/api/recovery-plans/{guid}', { params: { path: { guid: deleting.guid } } }));
        await queries.invalidateQueries({ queryKey: ['recovery-plans'] });
      }} />}
      {running && <Confirm title={r.runTitle(running.name)} what={[r.runWhat(running.steps.length), overwritten(running) && r.runOverwrites(overwritten(running))].filter(Boolean).join(' ')} action={r.run} typedName={overwritten(running) ? running.name : undefined}
        close={() => setRunning(undefined)} confirm={() => run(running)} />}
      {checking && <Check plan={checking} close={() => setChecking(undefined)} />}
      {showing && <Runs plan={showing} close={() => setShowing(undefined)} />}
    </PageFrame>
  );
}

function Check({ plan, close }: { plan: Plan; close: () => void }) {
  const check = useQuery({ queryKey: ['recovery-plans', 'check', plan.guid], queryFn: () => body(client.POST('/api/recovery-plans/{guid}/check', { params: { path: { guid: plan.guid } } })) });
  return (
    <Modal isOpen variant="large" onClose={close} aria-labelledby="check-title">
      <ModalHeader title={r.checkTitle(plan.name)} description={r.checkWhat} labelId="check-title" />
      <ModalBody tabIndex={0} aria-label={r.checkTitle(plan.name)}>
        {check.isPending && <Loading />}
        {check.isError && <Failure error={check.error} retry={() => void check.refetch()} />}
        {check.data && <PlainTable label={r.checkTitle(plan.name)} heads={[r.machine, r.backup, r.age, r.size, r.as, r.problem]} rows={check.data.map((step) => ({
          key: String(step.position), cells: [step.virtualMachine.name, time(step.backupTime), duration(step.dataAge), size(step.size), step.restoredPeName ?? '–', step.problem ?? r.can],
        }))} />}
      </ModalBody>
      <ModalFooter><Button variant="link" onClick={close}>{t.close}</Button></ModalFooter>
    </Modal>
  );
}

function Runs({ plan, close }: { plan: Plan; close: () => void }) {
  // Its name begins with tasks: they are what moves a run on.
  const runs = useQuery({ queryKey: ['tasks', 'recovery runs', plan.guid], queryFn: () => body(client.GET('/api/recovery-plans/{guid}/runs', { params: { path: { guid: plan.guid }, query: { page: 0, size: 20 } } })) });
  return (
    <Modal isOpen variant="large" onClose={close} aria-labelledby="runs-title">
      <ModalHeader title={r.runs(plan.name)} labelId="runs-title" />
      <ModalBody tabIndex={0} aria-label={r.runs(plan.name)}>
        {runs.isPending && <Loading />}
        {runs.isError && <Failure error={runs.error} retry={() => void runs.refetch()} />}
        {runs.data && <PlainTable label={r.runs(plan.name)} none={r.noRuns} heads={[r.began, r.state, r.took, r.dataAge, r.restored, r.failed, r.steps]} rows={runs.data.map((run) => ({
          key: run.guid, cells: [time(run.created), <StateLabel name={run.state.name} />, duration(run.duration), duration(run.dataAge), run.restored, run.failed,
            run.steps.map((step) => <div key={step.position}><Link to={`/tasks/${step.task}`}>{step.virtualMachine.name}</Link> <StateLabel name={step.state.name} />{step.statusInfo && <div><small>{step.statusInfo}</small></div>}</div>)],
        }))} />}
      </ModalBody>
      <ModalFooter><Button variant="link" onClick={close}>{t.close}</Button></ModalFooter>
    </Modal>
  );
}
