import { Button, FormGroup, List, ListItem, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { body, client } from '../api/client';
import { Choice, Text } from '../parts/fields';
import { Failure, Loading } from '../parts/parts';
import { t } from '../strings';

type Kind = '' | 'machine' | 'hypervisor' | 'hypervisor-manager' | 'policy' | 'destination';
const kinds: Kind[] = ['', 'machine', 'hypervisor', 'hypervisor-manager', 'policy', 'destination'];

/** Which roles a user or a group has, for everything or for one object each; gives and takes them. */
export function Assignments({ of, close }: { of: { kind: 'user' | 'group'; guid: string; name: string }; close: () => void }) {
  const queries = useQueryClient();
  const key = ['role-assignments', of.guid];
  const given = useQuery({ queryKey: key, queryFn: () => body(client.GET('/api/role-assignments', { params: { query: { [of.kind]: of.guid } } })) });
  const roles = useQuery({ queryKey: ['roles', 'all'], queryFn: () => body(client.GET('/api/roles')) });
  const [role, setRole] = useState('');
  const [kind, setKind] = useState<Kind>('');
  const [filter, setFilter] = useState('');
  const [object, setObject] = useState('');
  const [error, setError] = useState<unknown>();
  const objects = useQuery({ queryKey: ['scopes', kind, filter], enabled: kind !== '', queryFn: () => objectsOf(kind, filter) });
  const found = objects.data ?? [];
  const scope = found.some((one) => one.guid === object) ? object : found[0]?.guid ?? '';
  const wanted = role || roles.data?.[0]?.guid || '';
  const change = async (act: () => Promise<unknown>) => {
    setError(undefined);
    try {
      await act();
      await queries.invalidateQueries({ queryKey: key });
    } catch (failed) {
      setError(failed);
    }
  };
  const give = () => body(client.POST('/api/role-assignments', { body: { role: { guid: wanted }, [of.kind]: { guid: of.guid }, ...(kind && { scopeKind: kind, scope: { guid: scope } }) } }));
  return (
    <Modal isOpen variant="medium" onClose={close} aria-labelledby="given-title">
      <ModalHeader title={t.access.rolesOf(of.name)} labelId="given-title" />
      <ModalBody>
        {error ? <Failure error={error} /> : null}
        {given.isPending && <Loading />}
        {given.data?.length === 0 && <p>{t.access.noRoles}</p>}
        <List isPlain isBordered>
          {given.data?.map((one) => (
            <ListItem key={one.guid}>
              <div className="vp-heading">
                <span><strong>{one.role.name}</strong> {one.scopeKind ? t.access.forObject(t.access.kinds[one.scopeKind as Exclude<Kind, ''>], one.scope?.name ?? t.access.gone) : t.access.forAll}</span>
                <Button variant="link" isDanger size="sm" onClick={() => void change(() => body(client.DELETE('/api/role-assignments/{guid}', { params: { path: { guid: one.guid } } })))}>{t.access.take}</Button>
              </div>
            </ListItem>
          ))}
        </List>
        <div className="vp-tab vp-list">
          <Choice id="given-role" label={t.access.role} value={wanted} change={setRole} options={(roles.data ?? []).map((one) => [one.guid, one.name])} />
          <Choice id="given-kind" label={t.access.forWhat} value={kind} change={(value) => { setKind(value as Kind); setFilter(''); }} options={kinds.map((one) => [one, one ? t.access.kinds[one] : t.access.everything])} />
          {kind && (
            <>
              <Text id="given-filter" label={t.filterByName} value={filter} change={setFilter} />
              <Choice id="given-object" label={t.access.kinds[kind]} value={scope} change={setObject} options={found.map((one) => [one.guid, one.name ?? ''])} help={found.length === 0 && objects.data ? t.noMatches : undefined} />
            </>
          )}
          <FormGroup><Button variant="secondary" isDisabled={!wanted || (kind !== '' && !scope)} onClick={() => void change(give)}>{t.access.give}</Button></FormGroup>
        </div>
      </ModalBody>
      <ModalFooter><Button variant="link" onClick={close}>{t.close}</Button></ModalFooter>
    </Modal>
  );
}

/** The first 50 of a kind whose names hold a text. */
function objectsOf(kind: Kind, filter: string): Promise<{ guid: string; name?: string | null }[]> {
  const params = { query: { page: 0, size: 50, ...(filter && { filter }) } };
  switch (kind) {
    case 'machine': return body(client.GET('/api/virtual-machines', { params }));
    case 'hypervisor': return body(client.GET('/api/hypervisors', { params }));
    case 'hypervisor-manager': return body(client.GET('/api/hypervisor-managers', { params }));
    case 'policy': return body(client.GET('/api/policies/vm-backup', { params }));
    case 'destination': return body(client.GET('/api/backup-destinations', { params }));
    default: return Promise.resolve([]);
  }
}
