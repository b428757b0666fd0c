import { expect, it } from 'vitest';
import { csv } from './csv';

it('quotes what needs it, and lets no name be a formula', () => {
  expect(csv([['a', 'b "c"', 'd,e', 5], ['=1+1', '', 'x\ny', -2]])).toBe('a,"b ""c""","d,e",5\r\n\'=1+1,,"x\ny",-2\r\n');
});
