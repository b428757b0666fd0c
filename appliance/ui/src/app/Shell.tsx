import {
  Alert, AlertActionCloseButton, Button, Masthead, MastheadBrand, MastheadContent, MastheadMain, MastheadToggle, Nav, NavItem, NavList, Page, PageSection, PageSidebar, PageSidebarBody,
  PageToggleButton, SkipToContent, Toolbar, ToolbarContent, ToolbarItem,
} from '@patternfly/react-core';
import { useCallback, useState } from 'react';
import { Link, Route, Routes, useLocation } from 'react-router';
import { body, client } from '../api/client';
import { later } from '../parts/later';
import { Failure, type Notice, Notices, PageFrame } from '../parts/parts';
import { t } from '../strings';
import { useAttendance } from './attendance';
import { useLiveUpdates } from './events';
import { may, tellWindows, type User } from './session';
import { chooseTheme, isDark } from './theme';

const areas = [
  { path: '/', label: t.nav.dashboard, permission: 'monitoring.read', ...later(() => import('../pages/DashboardPage')) },
  { path: '/machines', label: t.nav.machines, permission: 'inventory.read', ...later(() => import('../pages/MachinesPage')) },
  { path: '/tasks', label: t.nav.tasks, permission: 'tasks.read', ...later(() => import('../pages/TasksPage')) },
  { path: '/mounts', label: t.nav.mounts, permission: 'backups.read', ...later(() => import('../pages/MountsPage')) },
  { path: '/infrastructure', label: t.nav.infrastructure, permission: 'inventory.read', ...later(() => import('../pages/InfrastructurePage')) },
  { path: '/destinations', label: t.nav.destinations, permission: 'destinations.read', ...later(() => import('../pages/DestinationsPage')) },
  { path: '/policies', label: t.nav.policies, permission: 'policies.read', ...later(() => import('../pages/PoliciesPage')) },
  { path: '/schedules', label: t.nav.schedules, permission: 'policies.read', ...later(() => import('../pages/SchedulesPage')) },
  { path: '/recovery-plans', label: t.nav.recovery, permission: 'policies.read', ...later(() => import('../pages/RecoveryPlansPage')) },
  { path: '/reports', label: t.nav.reports, permission: 'backups.read', ...later(() => import('../pages/ReportsPage')) },
  { path: '/nodes', label: t.nav.nodes, permission: 'nodes.read', ...later(() => import('../pages/NodesPage')) },
  { path: '/settings', label: t.nav.settings, permission: 'settings.read', ...later(() => import('../pages/SettingsPage')) },
  { path: '/access', label: t.nav.access, permission: 'users.read', ...later(() => import('../pages/AccessPage')) },
  { path: '/audit', label: t.nav.audit, permission: 'audit.read', ...later(() => import('../pages/AuditPage')) },
];
const { Page: FilesPage } = later(() => import('../pages/FilesPage'));
const { Page: MachinePage } = later(() => import('../pages/MachinePage'));
const { Page: PolicyPage } = later(() => import('../pages/PolicyPage'));
const { Page: SetupPage } = later(() => import('../pages/SetupPage'));
const { Page: ProfilePage } = later(() => import('../pages/ProfilePage'));
const { Page: TaskPage } = later(() => import('../pages/TaskPage'));

/** Begins to load the page of the address, while it is still being found out who is logged in. */
export const loadFirst = () => areas.find(({ path }) => window.location.pathname.replace(/^\/ui/, '').replace(/(.)\/$/, '$1') === path)?.load().catch(() => {});

export function Shell({ user, isOver, leave }: { user: User; isOver: boolean; leave: () => void }) {
  const connected = useLiveUpdates(!isOver);
  useAttendance(!isOver);
  const { pathname } = useLocation();
  const [dark, setDark] = useState(isDark);
  const [notices, setNotices] = useState<(Notice & { id: number })[]>([]);
  const drop = (id: number) => setNotices((all) => all.filter((notice) => notice.id !== id));
  const tell = useCallback((notice: Notice) => {
    const id = performance.now();
    setNotices((all) => [...all, { ...notice, id }]);
    if (!notice.error) window.setTimeout(() => drop(id), notice.task ? 15_000 : 6000);
  }, []);
  const seen = areas.filter((area) => may(user, area.permission));
  const masthead = (
    <Masthead>
      <MastheadMain>
        <MastheadToggle><PageToggleButton isHamburgerButton aria-label={t.toggleNav} /></MastheadToggle>
        <MastheadBrand><Link to="/" className="vp-brand"><img src="/ui/logo.svg" alt="" width="32" height="32" />{user.applianceName || t.product}</Link></MastheadBrand>
      </MastheadMain>
      <MastheadContent>
        <Toolbar isStatic>
          <ToolbarContent>
            <ToolbarItem align={{ default: 'alignEnd' }}>
              <Button variant="plain" onClick={() => { chooseTheme(!dark); setDark(!dark); }}>{dark ? t.themeLight : t.themeDark}</Button>
            </ToolbarItem>
            <ToolbarItem alignSelf="center"><Link to="/profile">{user.fullName || user.login}</Link></ToolbarItem>
            <ToolbarItem>
              <Button variant="link" onClick={() => void body(client.POST('/api/session/logout')).catch(() => {}).then(() => { tellWindows('out'); leave(); })}>{t.logout}</Button>
            </ToolbarItem>
          </ToolbarContent>
        </Toolbar>
      </MastheadContent>
    </Masthead>
  );
  const sidebar = (
    <PageSidebar>
      <PageSidebarBody>
        <Nav aria-label={t.nav.label}>
          <NavList>
            {seen.map(({ path, label }) => {
              const isActive = path === '/' ? pathname === '/' : pathname.startsWith(path);
              return <NavItem key={path} isActive={isActive}><Link to={path} aria-current={isActive ? 'page' : undefined}>{label}</Link></NavItem>;
            })}
          </NavList>
        </Nav>
      </PageSidebarBody>
    </PageSidebar>
  );
  return (
    <Notices.Provider value={tell}>
      <Page masthead={masthead} sidebar={sidebar} isManagedSidebar mainContainerId="main" skipToContent={<SkipToContent href="#main">{t.skip}</SkipToContent>}>
        {!connected && <PageSection hasBodyWrapper={false}><Alert component="p" variant="warning" isInline title={t.lost} /></PageSection>}
        <div className="vp-notices" role="status">
          {notices.map(({ id, text, task, error }) => error
            ? <div key={id}><Failure error={error} retry={undefined} /><Button variant="link" onClick={() => drop(id)}>{t.close}</Button></div>
            : <Alert component="p" key={id} variant="success" title={text} actionClose={<AlertActionCloseButton onClose={() => drop(id)} />} actionLinks={task && <Link to={`/tasks/${task}`} onClick={() => drop(id)}>{t.tasks.show}</Link>} />)}
        </div>
        <Routes>
          {seen.map(({ path, Page: Area }) => <Route key={path} path={path} element={<Area />} />)}
          <Route path="/machines/:guid" element={<MachinePage />} />
          <Route path="/policies/:kind/:guid" element={<PolicyPage />} />
          <Route path="/setup" element={<SetupPage />} />
          <Route path="/mounts/:guid" element={<FilesPage />} />
          <Route path="/profile" element={<ProfilePage />} />
          <Route path="/tasks/:guid" element={<TaskPage />} />
          <Route path="*" element={<PageFrame title={t.notFound}>{null}</PageFrame>} />
        </Routes>
      </Page>
    </Notices.Provider>
  );
}
