import { Tab, Tabs, TabTitleText } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useSearchParams } from 'react-router';

/** Parts of a page, one shown at a time; which one is in the address. */
export function PageTabs({ label, tabs }: { label: string; tabs: [key: string, title: string, content: ReactNode][] }) {
  const [params, setParams] = useSearchParams();
  const shown = tabs.find(([key]) => key === params.get('tab'))?.[0] ?? tabs[0]?.[0];
  return (
    <Tabs activeKey={shown} onSelect={(_, key) => setParams({ tab: String(key) }, { replace: true })} aria-label={label}>
      {tabs.map(([key, title, content]) => <Tab key={key} eventKey={key} title={<TabTitleText>{title}</TabTitleText>}>{key === shown && <div className="vp-tab">{content}</div>}</Tab>)}
    </Tabs>
  );
}
