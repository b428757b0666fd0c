import { ExpandableSection } from '@patternfly/react-core';
import { useState } from 'react';
import type { Schemas } from '../api/client';
import { useMay } from '../app/session';
import { t } from '../strings';
import { type Bucket, bucketOf, bucketPath, isEndpoint, noBucket } from './bucket';
import { CredentialChoice } from './CredentialDialog';
import { Facts } from './Facts';
import { Choice, Text } from './fields';

type Destination = Schemas['Destination'];
const p = t.destinations.place;

/** Where a new repository is to lie: in a directory, or in a bucket with its key. */
export function usePlace(directory = '') {
  const [form, setForm] = useState({ kind: 'directory', directory, credential: '', ...noBucket });
  const isBucket = form.kind === 'bucket';
  const path = isBucket ? bucketPath(form) : form.directory.trim();
  return {
    form, setForm, isBucket, path,
    isReady: isBucket ? form.bucket.trim() !== '' && isEndpoint(form.endpoint) : path !== '',
    request: { settings: { path }, ...(isBucket && form.credential && { credential: { guid: form.credential } }) },
  };
}

/** Fields of `usePlace`; ids begin with `id`. */
export function PlaceFields({ id, place: { form, setForm, isBucket, path } }: { id: string; place: ReturnType<typeof usePlace> }) {
  const set = (name: keyof typeof form) => (value: string) => setForm((now) => ({ ...now, [name]: value }));
  return (
    <>
      <Choice id={`${id}-place`} label={p.where} value={form.kind} change={set('kind')} options={[['directory', p.directory], ['bucket', p.bucketStorage]]} />
      {!isBucket && <Text id={`${id}-path`} label={p.path} value={form.directory} change={set('directory')} help={p.pathHelp} required />}
      {isBucket && (
        <>
          <Text id={`${id}-bucket`} label={p.bucket} value={form.bucket} change={set('bucket')} help={p.bucketHelp} required />
          <Text id={`${id}-prefix`} label={p.prefix} value={form.prefix} change={set('prefix')} help={p.prefixHelp} />
          <Text id={`${id}-endpoint`} label={p.endpoint} value={form.endpoint} change={set('endpoint')} help={p.endpointHelp} wrong={isEndpoint(form.endpoint) ? undefined : p.endpointWrong} />
          <Text id={`${id}-region`} label={p.region} value={form.region} change={set('region')} help={p.regionHelp} />
          <BucketKeyChoice id={`${id}-credential`} value={form.credential} change={set('credential')} />
          <ExpandableSection toggleText={t.plans.setup.more} isIndented>
            <div className="vp-stack">
              <Text id={`${id}-ca`} label={p.ca} value={form.ca} change={set('ca')} help={p.caHelp} />
              <Choice id={`${id}-style`} label={p.style} value={form.style} change={set('style')} help={p.styleHelp} options={[['', p.styles.usual], ['path', p.styles.path], ['virtual', p.styles.virtual]]} />
            </div>
          </ExpandableSection>
          <p><strong>{p.composed}:</strong> <span className="vp-address">{path}</span></p>
        </>
      )}
    </>
  );
}

/** Where a repository lies, which does not change. */
export function PlaceFacts({ of }: { of: Destination }) {
  const path = String(of.settings['path'] ?? '');
  const bucket = bucketOf(path);
  const parts: [keyof Bucket, string][] = [['bucket', p.bucket], ['prefix', p.prefix], ['endpoint', p.endpoint], ['region', p.region], ['ca', p.ca], ['style', p.style], ['profile', p.profile]];
  return <Facts facts={bucket ? parts.filter(([name]) => bucket[name] !== '').map(([name, label]) => [label, <span key={name} className="vp-address">{bucket[name]}</span>]) : [[p.path, <span key="path" className="vp-address">{path}</span>]]} />;
}

/** The key of a bucket, for who may name one. */
export function BucketKeyChoice({ id, value, change }: { id: string; value: string; change: (value: string) => void }) {
  const may = useMay();
  return may('inventory.credentials')
    ? <CredentialChoice id={id} label={p.key} value={value} change={change} help={p.keyHelp} none={p.noKey} fits={(one) => one.kind.name === 'PASSWORD' && !!one.login} labels={p.keyLabels} />
    : null;
}
