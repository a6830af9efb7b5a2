import type { ClusterAnswer, MemberAnswer } from '../api/cluster-answers.ts';
import { Badge } from '../parts/badge.tsx';
import { Button } from '../parts/button.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { behindInWords, heardInWords } from './member-words.ts';
import { drain, type Operation, promote, remove, transferTo, undrain } from './operation.ts';

export interface MembersProps {
  readonly cluster: ClusterAnswer;
  readonly ask: (operation: Operation) => void;
}

export function Members({ cluster, ask }: MembersProps) {
  return (
    <Table
      label="Members"
      columns={columnsOf(cluster, ask)}
      rows={cluster.members}
      keyOf={(member) => member.instance}
    />
  );
}

const columnsOf = (cluster: ClusterAnswer, ask: MembersProps['ask']): readonly Column<MemberAnswer>[] => [
  {
    title: 'Node',
    cell: (member) => (
      <span class="member">
        <strong>{member.node_id}</strong>
        {member.node_id === cluster.node_id ? (
          <span class="quiet small">this page’s node</span>
        ) : (
          <ItsPage member={member} />
        )}
      </span>
    ),
  },
  { title: 'Role', cell: (member) => <Role member={member} /> },
  {
    title: 'State',
    cell: ({ alive, drained }) => (
      <span class="member">
        {alive ? <Badge tone="good">alive</Badge> : <Badge tone="bad">silent</Badge>}
        {drained ? <Badge tone="warn">drained</Badge> : null}
      </span>
    ),
  },
  { title: 'Behind', cell: (member) => <span class="number">{behindInWords(cluster, member)}</span> },
  { title: 'Heard', cell: (member) => <span class="number">{heardInWords(member)}</span> },
  { title: 'Operations', cell: (member) => <MemberOperations cluster={cluster} member={member} ask={ask} /> },
];

/** The cluster's own page can speak to one node alone; where another's is, the link says. */
function ItsPage({ member }: { readonly member: MemberAnswer }) {
  if (member.http_url === null) return null;
  return (
    <a class="small" href={`${member.http_url.replace(/\/+$/, '')}/#/cluster`} rel="noreferrer">
      {new URL(member.http_url).host}
    </a>
  );
}

function Role({ member }: { readonly member: MemberAnswer }) {
  if (member.role === 'leader') return <Badge tone="accent">leader</Badge>;
  return (
    <span>{member.role === null || member.role === 'follower' ? member.kind : `${member.kind}, ${member.role}`}</span>
  );
}

interface MemberOperationsProps extends MembersProps {
  readonly member: MemberAnswer;
}

function MemberOperations({ cluster, member, ask }: MemberOperationsProps) {
  const { node_id: nodeId, kind, role, drained, alive } = member;
  const leads = role === 'leader' || nodeId === cluster.leader_id;
  const mayLead = kind === 'voter' && alive && !leads && !drained;
  const offered: readonly (readonly [word: string, operation: Operation])[] = [
    ...(mayLead ? [['Let lead', transferTo(nodeId)] as const] : []),
    ...(kind === 'learner' ? [['Promote', promote(nodeId)] as const] : []),
    drained ? ['Take back', undrain(nodeId)] : ['Drain', drain(nodeId)],
  ];
  return (
    <div class="buttons member-operations">
      {offered.map(([word, operation]) => (
        <Button key={word} label={`${word}: ${nodeId}`} onClick={() => ask(operation)}>
          {word}
        </Button>
      ))}
      <Button kind="danger" label={`Remove: ${nodeId}`} onClick={() => ask(remove(member))}>
        Remove
      </Button>
    </div>
  );
}
