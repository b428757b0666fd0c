/** What is decided at first, in this order. */
export const setupSteps = ['name', 'repository', 'hypervisor', 'policy', 'run'] as const;
export type SetupStep = (typeof setupSteps)[number] | 'done';

/** The first thing that is to be done. A later thing that is there already, made by other means, makes those before it unneeded. */
export function stepOf(has: { isNamed: boolean; hasDestination: boolean; hasMachines: boolean; hasPolicy: boolean; hasBackup: boolean }): SetupStep {
  if (has.hasBackup && has.hasPolicy) return 'done';
  if (!has.isNamed && !has.hasDestination) return 'name';
  if (!has.hasDestination) return 'repository';
  if (!has.hasMachines) return 'hypervisor';
  return has.hasPolicy ? 'run' : 'policy';
}
