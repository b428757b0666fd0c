import { en, type Strings } from './en';

/** The texts in the language that is shown. */
export const t: Strings = en;
