import { Switch, Title } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { body, client, type Schemas } from '../api/client';
import { time } from '../format/format';
import { t } from '../strings';
import { Failure } from './parts';

type Line = Schemas['TaskLine'];
const pageMax = 1000;

/** A task's log as it grows: only lines behind those that are here are asked for; the newest stay in sight while it is followed. */
export function TaskLog({ task }: { task: string }) {
  const queries = useQueryClient();
  const box = useRef<HTMLDivElement>(null);
  const [follows, setFollows] = useState(true);
  const key = ['task-log', task];
  const log = useQuery({
    queryKey: key,
    queryFn: async ({ signal }) => {
      const lines = [...(queries.getQueryData<Line[]>(key) ?? [])];
      for (;;) {
        const next = await body(client.GET('/api/tasks/{guid}/log', { params: { path: { guid: task }, query: { after: lines[lines.length - 1]?.seq ?? 0, size: pageMax } }, signal }));
        lines.push(...next);
        if (next.length < pageMax) return lines;
      }
    },
  });
  const count = log.data?.length ?? 0;
  useEffect(() => { if (follows && box.current) box.current.scrollTop = box.current.scrollHeight; }, [count, follows]);
  return (
    <div className="vp-tab">
      <div className="vp-heading">
        <Title headingLevel="h2" size="lg">{t.tasks.log}</Title>
        <div className="vp-row"><span>{t.tasks.lines(count)}</span><Switch id="log-follow" label={t.tasks.follow} isChecked={follows} onChange={(_, on) => setFollows(on)} /></div>
      </div>
      {log.isError && <Failure error={log.error} />}
      <div className="vp-log" ref={box} tabIndex={0} role="log" aria-label={t.tasks.log}>
        {log.data?.length === 0 && t.tasks.noLog}
        {log.data?.map((line) => <div key={line.seq}>{`${time(line.at)}  ${line.level.name.padEnd(7)}  ${line.text}`}</div>)}
      </div>
    </div>
  );
}
