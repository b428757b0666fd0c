import { DescriptionList, DescriptionListDescription, DescriptionListGroup, DescriptionListTerm } from '@patternfly/react-core';
import type { ReactNode } from 'react';

/** Names and what they are, side by side. */
export const Facts = ({ facts }: { facts: [string, ReactNode][] }) => (
  <DescriptionList columnModifier={{ default: '1Col', md: '2Col', xl: '3Col' }} isCompact>
    {facts.map(([name, value]) => (
      <DescriptionListGroup key={name}><DescriptionListTerm>{name}</DescriptionListTerm><DescriptionListDescription>{value ?? '–'}</DescriptionListDescription></DescriptionListGroup>
    ))}
  </DescriptionList>
);
