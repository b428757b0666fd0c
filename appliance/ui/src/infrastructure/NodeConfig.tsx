import { useState } from 'react';
import { Checks } from '../access/Checks';
import { body, client, type Schemas } from '../api/client';
import { duration, size } from '../format/format';
import { Dialog } from '../parts/Dialog';
import { Lines, Text } from '../parts/fields';
import { kindName } from '../parts/TaskProgress';
import { Toggle, Whole, WholeOrNone } from '../parts/planFields';
import { t } from '../strings';
import { settingsFrom, settingsTo, taskTypes } from './nodeSettings';

type Config = Schemas['NodeConfig'];
const n = t.plans.nodes;
const linesOf = (text: string) => text.split('\n').map((line) => line.trim()).filter((line) => line !== '');

/** What a configuration says, in words. */
export function Settings({ settings }: { settings: Record<string, unknown> }) {
  const { tasks, types, paths, mebibytes, place, cacheMebibytes, cachesShares, stallSeconds } = settingsFrom(settings);
  const said = [
    tasks > 0 && n.tasksSaid(tasks), types.length > 0 && n.typesSaid(types.map(kindName).join(', ')), paths.length > 0 && n.pathsSaid(paths.join(', ')), mebibytes > 0 && n.rateSaid(Math.round(mebibytes * 100) / 100), place !== '' && n.placeSaid(place),
    cacheMebibytes !== null && (cacheMebibytes > 0 ? n.cacheSaid(size(cacheMebibytes * 1_048_576)) : n.noCacheSaid), cachesShares && n.sharesSaid, stallSeconds !== null && n.stallSaid(duration(stallSeconds * 1000)),
  ].filter((one) => one !== false);
  return said.length === 0 ? <>{n.unlimited}</> : <ul>{said.map((one) => <li key={one} className="vp-anywhere">{one}</li>)}</ul>;
}

/** Makes or changes a configuration. */
export function EditConfig({ config, done, close }: { config?: Config; done: () => Promise<unknown>; close: () => void }) {
  const [name, setName] = useState(config?.name ?? '');
  const [description, setDescription] = useState(config?.description ?? '');
  const [form, setForm] = useState(() => settingsFrom(config?.settings ?? {}));
  const [paths, setPaths] = useState(form.paths.join('\n'));
  const [isDefault, setDefault] = useState(config?.defaultConfiguration ?? false);
  return (
    <Dialog title={config ? `${n.edit}: ${config.name}` : n.addConfig} action={config ? t.save : t.add} isReady={name.trim() !== ''} close={close} submit={async () => {
      const request = { name, description, settings: settingsTo({ ...form, paths: linesOf(paths) }), defaultConfiguration: isDefault } as Schemas['NodeConfigRequest'];
      await (config ? body(client.PUT('/api/node-configurations/{guid}', { params: { path: { guid: config.guid } }, body: request })) : body(client.POST('/api/node-configurations', { body: request })));
      await done();
    }}>
      <Text id="config-name" label={n.name} value={name} change={setName} required />
      <Text id="config-description" label={n.description} value={description} change={setDescription} />
      <Whole id="config-tasks" label={n.tasks} value={form.tasks} min={0} max={64} change={(tasks) => setForm({ ...form, tasks })} help={n.tasksHelp} />
      <Whole id="config-rate" label={n.rate} value={form.mebibytes} min={0} change={(mebibytes) => setForm({ ...form, mebibytes })} unit="MiB/s" help={n.rateHelp} />
      <Lines id="config-paths" label={n.paths} value={paths} change={setPaths} help={n.pathsHelp} />
      <Text id="config-place" label={n.place} value={form.place} change={(place) => setForm({ ...form, place })} help={n.placeHelp} />
      <WholeOrNone id="config-cache" label={n.cache} value={form.cacheMebibytes} max={1 << 30} change={(cacheMebibytes) => setForm({ ...form, cacheMebibytes })} unit="MiB" help={n.cacheHelp} />
      <Toggle id="config-shares" label={n.shares} value={form.cachesShares} change={(cachesShares) => setForm({ ...form, cachesShares })} help={n.sharesHelp} />
      <WholeOrNone id="config-stall" label={n.stall} value={form.stallSeconds} change={(stallSeconds) => setForm({ ...form, stallSeconds })} unit={t.plans.policy.seconds} help={n.stallHelp} />
      <Checks id="config-types" label={n.types} options={taskTypes.map((type) => ({ value: type, label: kindName(type) }))} chosen={new Set(form.types)} change={(types) => setForm({ ...form, types: [...types] })} />
      <Toggle id="config-default" label={n.isDefault} value={isDefault} change={setDefault} />
    </Dialog>
  );
}
