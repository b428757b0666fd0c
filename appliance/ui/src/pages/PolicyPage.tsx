import { Button, Tab, Tabs, TabTitleText } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useContext, useState } from 'react';
import { useNavigate, useParams, useSearchParams } from 'react-router';
import { body, client, type Schemas } from '../api/client';
import { useMay } from '../app/session';
import { Confirm, Failure, Loading, Notices, PageFrame } from '../parts/parts';
import { DryRun } from '../policy/DryRun';
import { PolicyEditor } from '../policy/PolicyEditor';
import { RetentionSimulator } from '../policy/RetentionSimulator';
import { type Kind, newPolicy, policyForm, type PolicyForm, policyRequest } from '../parts/policyForm';
import { t } from '../strings';

const p = t.plans.policy;
const pathOf = (kind: Kind) => (kind === 'vm-backup' ? '/api/policies/vm-backup/{guid}' as const : '/api/policies/vm-snapshot/{guid}' as const);

/** A policy: made, changed, tried out without consequences, deleted. */
export default function PolicyPage() {
  const { kind: asked, guid } = useParams();
  const kind: Kind = asked === 'vm-snapshot' ? 'vm-snapshot' : 'vm-backup';
  const isNew = guid === 'new';
  const found = useQuery({ queryKey: ['policies', kind, guid], enabled: !isNew, queryFn: async () => {
    const { data, response } = await client.GET(pathOf(kind), { params: { path: { guid: guid! } } }).then(async (answer) => ({ data: await body(Promise.resolve(answer)), response: answer.response }));
    return { policy: data, etag: response.headers.get('ETag') ?? undefined };
  } });
  const destinations = useQuery({ queryKey: ['backup-destinations', 'all'], queryFn: () => body(client.GET('/api/backup-destinations')) });
  const title = isNew ? (kind === 'vm-backup' ? p.addBackup : p.addSnapshot) : found.data?.policy.name ?? t.policies.title;
  if (found.isError) return <PageFrame title={title}><Failure error={found.error} retry={() => void found.refetch()} /></PageFrame>;
  if (destinations.isPending || (!isNew && !found.data)) return <Loading />;
  const places = destinations.data ?? [];
  const main = (places.find((place) => place.defaultBackupDestination) ?? places[0])?.guid ?? '';
  return <Policy key={`${kind}/${guid}`} kind={kind} title={title} destinations={places} policy={found.data?.policy} etag={found.data?.etag} first={found.data ? policyForm(found.data.policy) : newPolicy(main)} />;
}

function Policy({ kind, title, destinations, policy, etag, first }: { kind: Kind; title: string; destinations: Schemas['Destination'][]; policy?: Schemas['Policy']; etag?: string; first: PolicyForm }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const tell = useContext(Notices);
  const mayWrite = useMay()('policies.write');
  const [params, setParams] = useSearchParams();
  const [form, setForm] = useState(first);
  const [version, setVersion] = useState(etag);
  const [isDeleting, setDeleting] = useState(false);
  const tab = params.get('tab') ?? 'settings';
  const guid = policy?.guid;
  const save = async () => {
    const request = policyRequest(form, kind);
    if (!guid) {
      const made = await body(client.POST(kind === 'vm-backup' ? '/api/policies/vm-backup' : '/api/policies/vm-snapshot', { body: request }));
      await queries.invalidateQueries();
      tell({ text: p.saved });
      await navigate(`/policies/${kind}/${made.guid}`, { replace: true });
      return;
    }
    // Another's change in the meantime is told, not overwritten.
    const answer = await client.PUT(pathOf(kind), { params: { path: { guid }, header: { 'If-Match': version } }, body: request });
    const saved = await body(Promise.resolve(answer));
    setVersion(answer.response.headers.get('ETag') ?? undefined);
    setForm(policyForm(saved));
    await queries.invalidateQueries();
    tell({ text: p.saved });
  };
  const editor = <PolicyEditor kind={kind} form={form} change={setForm} destinations={destinations} action={guid ? t.save : p.create} save={mayWrite ? save : undefined} />;
  const tabs: [string, string, ReactNode][] = [['settings', p.settings, editor]];
  if (guid) tabs.push(['dry', p.dryRun, <DryRun policy={guid} />]);
  if (guid && kind === 'vm-backup') tabs.push(['retention', p.retention, <RetentionSimulator form={form} />]);
  return (
    <PageFrame title={title} actions={guid && mayWrite && <Button variant="danger" onClick={() => setDeleting(true)}>{p.delete}</Button>}>
      {tabs.length === 1 ? editor : (
        <>
          <Tabs activeKey={tab} onSelect={(_, key) => setParams({ tab: String(key) }, { replace: true })} aria-label={title}>
            {tabs.map(([key, name, content]) => <Tab key={key} eventKey={key} title={<TabTitleText>{name}</TabTitleText>}><div className="vp-tab">{key === tab && content}</div></Tab>)}
          </Tabs>
        </>
      )}
      {isDeleting && <Confirm title={p.deleteTitle(title)} what={p.deleteWhat(form.machines.size)} action={p.delete} close={() => setDeleting(false)} confirm={async () => {
        await body(client.DELETE(pathOf(kind), { params: { path: { guid: guid! } } }));
        await navigate(`/policies${kind === 'vm-snapshot' ? '?kind=vm-snapshot' : ''}`, { replace: true });
        await queries.invalidateQueries({ queryKey: ['policies'] });
      }} />}
    </PageFrame>
  );
}
