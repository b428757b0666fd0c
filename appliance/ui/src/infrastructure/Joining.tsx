import { Alert, Button, Label, Title } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { Once } from '../access/Once';
import { useMay } from '../app/session';
import { body, client, type Schemas } from '../api/client';
import { Dialog } from '../parts/Dialog';
import { Text } from '../parts/fields';
import { Confirm, Failure, When } from '../parts/parts';
import { PlainTable } from '../parts/PlainTable';
import { t } from '../strings';
import { commandOf } from './command';

type Appliance = Schemas['Appliance'];
type Join = Schemas['NodeJoin'];
const { appliances: a, nodes: n, settings } = t.plans;

/** The command by which a node or an appliance joins, shown this once. */
export function JoinCommand({ join, title, why, close }: { join: Join | undefined; title: string; why: string; close: () => void }) {
  return join && <Once title={title} why={why} secrets={[join.command]} said={a.copied} close={close} />;
}

/** Appliances that joined this one. Who is here is no change of any row, so nobody tells of it. */
export const useAppliances = () => useQuery({ queryKey: ['appliances'], refetchInterval: 5000, queryFn: () => body(client.GET('/api/appliances', { params: { query: { page: 0, size: 200 } } })) });

/** Appliances that joined this one, or the server that this one joined. */
export function Joining() {
  const queries = useQueryClient();
  const may = useMay();
  const mayWrite = may('nodes.write');
  const maySet = may('settings.write');
  const [adding, setAdding] = useState(false);
  const [joining, setJoining] = useState(false);
  const [leaving, setLeaving] = useState(false);
  const [told, setTold] = useState<Join>();
  const [removing, setRemoving] = useState<Appliance>();
  const membership = useQuery({ queryKey: ['membership'], refetchInterval: 5000, queryFn: () => body(client.GET('/api/membership')) });
  const appliances = useAppliances();
  const refresh = () => Promise.all([queries.invalidateQueries({ queryKey: ['appliances'] }), queries.invalidateQueries({ queryKey: ['membership'] }), queries.invalidateQueries({ queryKey: ['nodes'] })]);
  const state = membership.data;
  const rows = appliances.data ?? [];
  return (
    <div className="vp-tab">
      <div className="vp-heading">
        <Title headingLevel="h2">{a.title}</Title>
        {mayWrite && state && !state.joined && <div className="vp-actions">
          <Button variant="secondary" onClick={() => setAdding(true)}>{a.add}</Button>
          {appliances.data && rows.length === 0 && <Button variant="secondary" onClick={() => setJoining(true)}>{a.join}</Button>}
        </div>}
      </div>
      {[membership, appliances].map((read, index) => read.isError && <Failure key={index} error={read.error} retry={() => void read.refetch()} />)}
      {state?.joined && (
        <Alert component="p" isInline variant={state.problem ? 'warning' : 'info'} title={a.member(state.name ?? '', state.server ?? '')} actionLinks={mayWrite && <Button variant="link" isInline onClick={() => setLeaving(true)}>{a.leave}</Button>}>
          {state.problem && <p>{state.problem} {a.alone}</p>}
          <p>{state.pending ? a.pending(state.pending) : a.inStep}</p>
        </Alert>
      )}
      {state && !state.joined && rows.length === 0 && <p>{a.none}</p>}
      {rows.filter((row) => row.problem).map((row) => <div key={row.guid} role="alert"><Alert component="p" isInline variant="warning" title={row.name} actionLinks={maySet && <Link to="/settings">{settings.applianceRows}</Link>}><p>{row.problem}</p></Alert></div>)}
      {rows.length > 0 && <PlainTable label={a.title} heads={[a.name, n.state, a.told, a.machines, a.policies, a.points]} rows={rows.map((row) => ({
        key: row.guid,
        cells: [
          <>{row.name}<div><small>{[row.nodeIP, row.version].filter(Boolean).join(' · ')}</small></div></>, <Label key="here" color={row.here ? 'green' : 'red'} isCompact>{row.here ? a.here : a.away}</Label>,
          <When key="told" at={row.syncedAt} />, row.machines.toLocaleString(), row.policies.toLocaleString(), <>{row.restorePoints.toLocaleString()}{row.skipped > 0 && <div><small>{a.notShown(row.skipped)}</small></div>}</>,
        ],
        actions: mayWrite && <>
          <Button variant="secondary" size="sm" aria-label={`${a.again}: ${row.name}`} onClick={() => void body(client.POST('/api/appliances/{guid}/token', { params: { path: { guid: row.guid } } })).then(setTold)}>{a.again}</Button>
          <Button variant="danger" size="sm" aria-label={`${a.remove}: ${row.name}`} onClick={() => setRemoving(row)}>{a.remove}</Button>
        </>,
      }))} />}
      {adding && <AddAppliance close={() => setAdding(false)} added={(join) => { setTold(join); void refresh(); }} />}
      {joining && <JoinServer close={() => setJoining(false)} joined={refresh} />}
      <JoinCommand join={told} title={a.addTitle} why={a.addWhy} close={() => setTold(undefined)} />
      {removing && <Confirm title={a.removeTitle(removing.name)} what={a.removeWhat} action={a.remove} typedName={removing.name} close={() => setRemoving(undefined)} confirm={async () => {
        await body(client.DELETE('/api/appliances/{guid}', { params: { path: { guid: removing.guid } } }));
        await refresh();
      }} />}
      {leaving && <Confirm title={`${a.leave}?`} what={state?.problem ? `${a.leaveWhat} ${a.leaveAnyway}` : a.leaveWhat} action={a.leave} close={() => setLeaving(false)} confirm={async () => {
        await body(client.DELETE('/api/membership', { params: { query: { anyway: Boolean(state?.problem) } } }));
        await refresh();
      }} />}
    </div>
  );
}

function AddAppliance({ close, added }: { close: () => void; added: (join: Join) => void }) {
  const [name, setName] = useState('');
  return (
    <Dialog title={a.add} action={t.add} isReady={name.trim() !== ''} close={close} submit={async () => added(await body(client.POST('/api/appliances', { body: { name } })))}>
      <Text id="appliance-name" label={a.name} value={name} change={setName} required />
    </Dialog>
  );
}

function JoinServer({ close, joined }: { close: () => void; joined: () => Promise<unknown> }) {
  const [server, setServer] = useState('');
  const [command, setCommand] = useState('');
  const told = commandOf(command);
  const at = server.trim() || told.server;
  return (
    <Dialog title={a.join} about={a.joinAbout} action={a.joinAction} isReady={at !== '' && told.token !== ''} close={close} submit={async () => {
      await body(client.POST('/api/membership', { body: { server: at, token: told.token } }));
      await joined();
    }}>
      <Text id="join-command" label={a.command} value={command} change={setCommand} required />
      <Text id="join-server" label={a.server} value={server || told.server} change={setServer} required />
    </Dialog>
  );
}
