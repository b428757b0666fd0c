import { Button, Label, Title } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { body, client, page, type Schemas } from '../api/client';
import { useMay } from '../app/session';
import { JoinCommand, Joining } from '../infrastructure/Joining';
import { EditConfig, Settings } from '../infrastructure/NodeConfig';
import { Dialog } from '../parts/Dialog';
import { Choice, Text } from '../parts/fields';
import { ListTable } from '../parts/ListTable';
import { listQuery } from '../parts/listState';
import { Confirm, Failure, PageFrame, StateLabel, useAction, When } from '../parts/parts';
import { Whole } from '../parts/planFields';
import { PlainTable } from '../parts/PlainTable';
import { t } from '../strings';

type Node = Schemas['Node'];
type Config = Schemas['NodeConfig'];
const n = t.plans.nodes;

export default function NodesPage() {
  const queries = useQueryClient();
  const act = useAction();
  const mayWrite = useMay()('nodes.write');
  const [adding, setAdding] = useState(false);
  const [told, setTold] = useState<Schemas['NodeJoin']>();
  const [removing, setRemoving] = useState<Node>();
  const [failing, setFailing] = useState<Node>();
  const [editing, setEditing] = useState<Node>();
  const [config, setConfig] = useState<Config | 'new'>();
  const [deleting, setDeleting] = useState<Config>();
  const configs = useQuery({ queryKey: ['node-configurations'], queryFn: () => body(client.GET('/api/node-configurations', { params: { query: { page: 0, size: 200, orderBy: 'name' } } })) });
  const refresh = () => Promise.all([queries.invalidateQueries({ queryKey: ['nodes'] }), queries.invalidateQueries({ queryKey: ['node-configurations'] })]);
  return (
    <PageFrame title={n.title} actions={mayWrite && <><Button onClick={() => setAdding(true)}>{n.add}</Button><Button variant="secondary" onClick={() => setConfig('new')}>{n.addConfig}</Button></>}>
      <ListTable<Node> label={n.title} name="nodes" read={(state) => page(client.GET('/api/nodes', { params: { query: listQuery(state) } }))}
        columns={[
          { label: n.name, sort: 'name', cell: (row) => <>{row.name}<div><small>{[row.nodeIP, row.version].filter(Boolean).join(' · ')}</small></div></> }, { label: n.state, cell: (row) => <><StateLabel name={row.state.name} />{row.lastSeen && <div><small>{n.seen}: <When at={row.lastSeen} /></small></div>}</> },
          { label: n.tasks, cell: (row) => row.maxTasks },
          { label: n.platforms, cell: (row) => row.capabilities.join(', ') || '–' }, { label: n.config, cell: (row) => row.nodeConfig?.name ?? n.noConfig },
        ]}
        rowActions={(row) => mayWrite && <div className="vp-actions vp-pair">
          <Button variant="secondary" size="sm" aria-label={`${n.edit}: ${row.name}`} onClick={() => setEditing(row)}>{n.edit}</Button>
          {row.joins && <Button variant="secondary" size="sm" aria-label={`${n.again}: ${row.name}`} onClick={() => void act(async () => setTold(await body(client.POST('/api/nodes/{guid}/token', { params: { path: { guid: row.guid } } }))), n.tokenMade)}>{n.again}</Button>}
          {row.joins && row.state.name === 'OFFLINE' && <Button variant="danger" size="sm" aria-label={`${n.fail}: ${row.name}`} onClick={() => setFailing(row)}>{n.fail}</Button>}
          {row.joins && <Button variant="danger" size="sm" aria-label={`${n.remove}: ${row.name}`} onClick={() => setRemoving(row)}>{n.remove}</Button>}
        </div>} />
      <Joining />
      <div className="vp-tab">
        <Title headingLevel="h2">{n.configs}</Title>
        {configs.isError && <Failure error={configs.error} retry={() => void configs.refetch()} />}
        <PlainTable label={n.configs} none={n.noConfigs} heads={[n.name, n.description, n.settings]} rows={(configs.data ?? []).map((row) => ({
          key: row.guid, cells: [<>{row.name} {row.defaultConfiguration && <Label isCompact>{t.destinations.default}</Label>}</>, row.description ?? '', <Settings settings={row.settings} />],
          actions: mayWrite && <><Button variant="secondary" size="sm" aria-label={`${n.edit}: ${row.name}`} onClick={() => setConfig(row)}>{n.edit}</Button><Button variant="danger" size="sm" aria-label={`${n.delete}: ${row.name}`} onClick={() => setDeleting(row)}>{n.delete}</Button></>,
        }))} />
      </div>
      {adding && <AddNode configs={configs.data ?? []} close={() => setAdding(false)} added={(join) => { setTold(join); void refresh(); }} />}
      <JoinCommand join={told} title={n.addTitle} why={n.addWhy} close={() => setTold(undefined)} />
      {removing && <Confirm title={n.removeTitle(removing.name)} what={n.removeWhat} action={n.remove} close={() => setRemoving(undefined)} confirm={async () => {
        await body(client.DELETE('/api/nodes/{guid}', { params: { path: { guid: removing.guid } } }));
        await refresh();
      }} />}
      {failing && <Confirm title={n.failTitle(failing.name)} what={n.failWhat} action={n.fail} close={() => setFailing(undefined)} confirm={async () => {
        await body(client.POST('/api/nodes/{guid}/fail', { params: { path: { guid: failing.guid } } }));
        await refresh();
      }} />}
      {editing && <EditNode node={editing} configs={configs.data ?? []} done={refresh} close={() => setEditing(undefined)} />}
      {config && <EditConfig config={config === 'new' ? undefined : config} done={refresh} close={() => setConfig(undefined)} />}
      {deleting && <Confirm title={n.deleteTitle(deleting.name)} what={n.deleteWhat} action={n.delete} close={() => setDeleting(undefined)} confirm={async () => {
        await body(client.DELETE('/api/node-configurations/{guid}', { params: { path: { guid: deleting.guid } } }));
        await refresh();
      }} />}
    </PageFrame>
  );
}

function AddNode({ configs, added, close }: { configs: Config[]; added: (join: Schemas['NodeJoin']) => void; close: () => void }) {
  const [name, setName] = useState('');
  const [maxTasks, setMaxTasks] = useState(4);
  const [config, setConfig] = useState('');
  return (
    <Dialog title={n.add} action={t.add} isReady={name.trim() !== ''} close={close} submit={async () => {
      added(await body(client.POST('/api/nodes', { body: { name, maxTasks, ...(config && { nodeConfig: { guid: config } }) } })));
    }}>
      <Text id="node-name" label={n.name} value={name} change={setName} required />
      <Whole id="node-tasks" label={n.tasks} value={maxTasks} min={1} max={64} change={setMaxTasks} />
      <Choice id="node-config" label={n.config} value={config} change={setConfig} options={[['', n.noConfig] as [string, string], ...configs.map((one): [string, string] => [one.guid, one.name])]} />
    </Dialog>
  );
}

function EditNode({ node, configs, done, close }: { node: Node; configs: Config[]; done: () => Promise<unknown>; close: () => void }) {
  const [name, setName] = useState(node.name);
  const [maxTasks, setMaxTasks] = useState(node.maxTasks);
  const [config, setConfig] = useState(node.nodeConfig?.guid ?? '');
  return (
    <Dialog title={`${n.edit}: ${node.name}`} action={t.save} isReady={name.trim() !== ''} close={close} submit={async () => {
      await body(client.PUT('/api/nodes/{guid}', { params: { path: { guid: node.guid } }, body: { name, maxTasks, ...(config && { nodeConfig: { guid: config } }) } }));
      await done();
    }}>
      <Text id="node-name" label={n.name} value={name} change={setName} required />
      <Whole id="node-tasks" label={n.tasks} value={maxTasks} min={1} max={64} change={setMaxTasks} />
      <Choice id="node-config" label={n.config} value={config} change={setConfig} options={[...(node.nodeConfig ? [] : [['', n.noConfig] as [string, string]]), ...configs.map((one): [string, string] => [one.guid, one.name])]} />
    </Dialog>
  );
}
