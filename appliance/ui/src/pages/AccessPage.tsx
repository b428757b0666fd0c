import { Directory } from '../access/Directory';
import { Groups } from '../access/Groups';
import { PageTabs } from '../access/PageTabs';
import { Roles } from '../access/Roles';
import { Sessions } from '../access/Sessions';
import { Tokens } from '../access/Tokens';
import { Users } from '../access/Users';
import { useMay } from '../app/session';
import { PageFrame } from '../parts/parts';
import { t } from '../strings';

/** Who may do what. */
export default function AccessPage() {
  const may = useMay();
  return (
    <PageFrame title={t.access.title}>
      <PageTabs label={t.access.title} tabs={[
        ['users', t.access.users, <Users />], ['groups', t.access.groups, <Groups />], ['roles', t.access.roles, <Roles />], ['sessions', t.access.sessions, <Sessions all />],
        ...(may('tokens.read') ? [['tokens', t.access.tokens, <Tokens />] as [string, string, React.ReactNode]] : []),
        ...(may('settings.read') ? [['directory', t.directory.title, <Directory />] as [string, string, React.ReactNode]] : []),
      ]} />
    </PageFrame>
  );
}
