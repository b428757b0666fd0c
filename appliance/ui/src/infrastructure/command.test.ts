import { expect, test } from 'vitest';
import { commandOf } from './command';

test.each([
  ['vprotect appliance join --at backup.example.org:8182 --token vpn1_x', 'backup.example.org:8182', 'vpn1_x'],
  ['  vprotect appliance join --token vpn1_x   --at [2001:db8::1]:8182\n', '[2001:db8::1]:8182', 'vpn1_x'],
  ['vpn1_x', '', 'vpn1_x'],
  ['', '', ''],
  ['vprotect appliance join --at', '', ''],
])('%j', (text, server, token) => {
  expect(commandOf(text)).toEqual({ server, token });
});
