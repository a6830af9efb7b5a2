import { useState } from 'preact/hooks';
import type { ClusterAnswer } from '../api/cluster-answers.ts';
import { useAnswer } from '../api/use-answer.ts';
import { LiveBadge } from '../live/live-badge.tsx';
import type { LiveEvent } from '../live/live-events.ts';
import { useReloadOn } from '../live/use-live.ts';
import type { Page } from '../page.ts';
import { Button } from '../parts/button.tsx';
import { Notice, ProblemNotice } from '../parts/notice.tsx';
import { Overview } from '../plots/overview.tsx';
import { AddMember } from './add-member.tsx';
import { Audit } from './audit.tsx';
import { Happenings } from './happenings.tsx';
import { spareInWords } from './member-words.ts';
import { Members } from './members.tsx';
import { NodeOperations } from './node-operations.tsx';
import { type Operation, pauseScheduling, resumeScheduling } from './operation.ts';
import { OperationDialog } from './operation-dialog.tsx';

const REFRESHED_EVERY_MS = 2_000;
const AT_MOST_EVERY_MS = 250;

/** How the cluster stands, as the asked node sees it, and what an operator does with it. */
export function ClusterPage({ page }: { readonly page: Page }) {
  const { client, events } = page;
  const { value, problem, reload } = useAnswer<ClusterAnswer>(client, 'v1/cluster', {}, REFRESHED_EVERY_MS);
  useReloadOn(events, concernsCluster, reload, AT_MOST_EVERY_MS);
  const [operation, setOperation] = useState<Operation | null>(null);
  return (
    <>
      <div class="task-title">
        <h1>Cluster</h1>
        <LiveBadge events={events} />
      </div>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {value === null ? null : (
        <>
          {problem === null ? <Troubles cluster={value} ask={setOperation} /> : null}
          <Summary cluster={value} />
          <section class="card members" aria-labelledby="members">
            <div class="card-head title-row">
              <h2 id="members">Members</h2>
              <div class="buttons">
                <AddMember ask={setOperation} />
                {value.scheduling === 'paused' ? null : (
                  <Button kind="danger" onClick={() => setOperation(pauseScheduling)}>
                    Pause all scheduling
                  </Button>
                )}
              </div>
            </div>
            <Members cluster={value} ask={setOperation} />
          </section>
        </>
      )}
      <Overview page={page} />
      <div class="cluster-columns">
        <Happenings page={page} />
        <div class="stack">
          {value === null ? null : <NodeOperations nodeId={value.node_id} ask={setOperation} />}
          <Audit page={page} />
        </div>
      </div>
      {operation === null ? null : (
        <OperationDialog client={client} operation={operation} onClose={() => setOperation(null)} done={reload} />
      )}
    </>
  );
}

const CLUSTER_KINDS = new Set([
  'TermStarted',
  'MembersChanged',
  'NodeStarted',
  'NodeDrained',
  'NodeUndrained',
  'SchedulingPaused',
  'SchedulingResumed',
]);
const concernsCluster = ({ kind }: LiveEvent): boolean => CLUSTER_KINDS.has(kind);

interface TroublesProps {
  readonly cluster: ClusterAnswer;
  readonly ask: (operation: Operation) => void;
}

/** What an operator should know before he looks at anything else. */
function Troubles({ cluster, ask }: TroublesProps) {
  const silent = cluster.members.filter(({ alive }) => !alive).map(({ node_id }) => node_id);
  return (
    <>
      {cluster.ready || cluster.leader_id === null ? null : (
        <Notice kind="bad" title="This node takes no work">
          {cluster.reason ?? cluster.state}
        </Notice>
      )}
      {cluster.leader_id === null ? (
        <Notice kind="bad" title="Nobody leads">
          Nothing can be agreed on, and nothing fires, until most voters reach each other. What is shown here is what{' '}
          {cluster.node_id} knows by itself.
        </Notice>
      ) : silent.length > 0 ? (
        <Notice kind="warn" title={`${silent.join(', ')} ${silent.length === 1 ? 'is' : 'are'} silent`}>
          {spareInWords(cluster.members)}
        </Notice>
      ) : null}
      {cluster.scheduling === 'paused' ? (
        <Notice kind="warn" title="All scheduling is paused">
          <div class="stack-small">
            <span>An operator holds every task of the cluster: nothing fires.</span>
            <div class="buttons">
              <Button kind="main" onClick={() => ask(resumeScheduling)}>
                Resume all scheduling
              </Button>
            </div>
          </div>
        </Notice>
      ) : null}
    </>
  );
}

function Summary({ cluster }: { readonly cluster: ClusterAnswer }) {
  const behind = cluster.commit_index - cluster.applied_index;
  return (
    <dl class="tiles">
      <Fact name="Leader" value={cluster.leader_id ?? 'nobody'} />
      <Fact name="Term" value={String(cluster.term)} />
      <Fact name="Committed" value={`#${cluster.commit_index}`} />
      <Fact name={`Applied by ${cluster.node_id}`} value={behind <= 0 ? 'all of it' : `${behind} behind`} />
    </dl>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div class="tile card">
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
