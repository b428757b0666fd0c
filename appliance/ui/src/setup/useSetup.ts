import { useQuery } from '@tanstack/react-query';
import { body, client, page, type Schemas } from '../api/client';
import { type SetupStep, stepOf } from './steps';

const one = { page: 0, size: 1 };

/** How far the appliance is set up, from what it holds: whoever comes back, from wherever, goes on where it stands. */
export function useSetup(): { step?: SetupStep; settings?: Schemas['GlobalSettings']; destination?: Schemas['Destination']; hosts: Schemas['Hypervisor'][]; machines: number; policy?: Schemas['Policy']; error: unknown; retry: () => void } {
  const settings = useQuery({ queryKey: ['global-settings'], queryFn: () => body(client.GET('/api/global-settings')) });
  const destinations = useQuery({ queryKey: ['backup-destinations', 'setup'], queryFn: () => body(client.GET('/api/backup-destinations')) });
  const hosts = useQuery({ queryKey: ['hypervisors', 'setup'], queryFn: () => body(client.GET('/api/hypervisors', { params: { query: { page: 0, size: 20 } } })) });
  const machines = useQuery({ queryKey: ['virtual-machines', 'setup'], queryFn: () => page(client.GET('/api/virtual-machines', { params: { query: { ...one, present: true } } })) });
  const policies = useQuery({ queryKey: ['policies', 'setup'], queryFn: () => body(client.GET('/api/policies/vm-backup', { params: { query: { page: 0, size: 100 } } })) });
  const backups = useQuery({ queryKey: ['backups', 'setup'], queryFn: () => page(client.GET('/api/backups', { params: { query: { ...one, status: ['SUCCESS'] } } })) });
  const all = [settings, destinations, hosts, machines, policies, backups];
  const destination = destinations.data?.find((place) => place.defaultBackupDestination) ?? destinations.data?.[0];
  const policy = policies.data?.find((plan) => plan.vms.length > 0);
  return {
    step: all.some((query) => query.data === undefined) ? undefined : stepOf({
      isNamed: settings.data!.applianceName !== '', hasDestination: destination !== undefined, hasMachines: machines.data!.total > 0, hasPolicy: policy !== undefined, hasBackup: backups.data!.total > 0,
    }),
    settings: settings.data, destination, hosts: hosts.data ?? [], machines: machines.data?.total ?? 0, policy,
    error: all.find((query) => query.isError)?.error, retry: () => all.forEach((query) => void query.refetch()),
  };
}
