import { expect, it } from 'vitest';
import { stepOf } from './steps';

const nothing = { isNamed: false, hasDestination: false, hasMachines: false, hasPolicy: false, hasBackup: false };

it('goes on with what is missing first', () => {
  expect(stepOf(nothing)).toBe('name');
  expect(stepOf({ ...nothing, isNamed: true })).toBe('repository');
  expect(stepOf({ ...nothing, isNamed: true, hasDestination: true })).toBe('hypervisor');
  expect(stepOf({ ...nothing, isNamed: true, hasDestination: true, hasMachines: true })).toBe('policy');
  expect(stepOf({ ...nothing, isNamed: true, hasDestination: true, hasMachines: true, hasPolicy: true })).toBe('run');
  expect(stepOf({ isNamed: true, hasDestination: true, hasMachines: true, hasPolicy: true, hasBackup: true })).toBe('done');
});

it('asks nobody for a name who has set up the rest without one', () => {
  expect(stepOf({ ...nothing, hasDestination: true })).toBe('hypervisor');
});
