import type { Logger } from 'pino';
import type { NodeEvents } from '../node/node-parts.ts';
import type { ClusterOperation } from '../tasks/operation.ts';

/** Who changed the cluster, what came of it, and what it is made of then: logged by the leader, or by the one node that it was about. */
export function operationLog(log: Logger): Pick<NodeEvents, 'operating' | 'operated' | 'takenIn' | 'membersChanged'> {
  return {
    operating: ({ operation, by }) => log.info(fieldsOf(operation, by), 'an operator asks; audited'),
    operated({ operation, by, end }) {
      const fields = { ...fieldsOf(operation, by), outcome: end.kind };
      if (end.kind === 'done') log.info(fields, 'what an operator asked for is done');
      else if (end.kind === 'refused')
        log.warn({ ...fields, reason: end.reason }, 'what an operator asked for was not done');
      else log.warn(fields, 'what came of what an operator asked for is not known');
    },
    takenIn: ({ nodeId, instance, kind }) =>
      log.info({ member: nodeId, instance, kind }, 'an empty node called out, and was taken in'),
    membersChanged: ({ members, featureLevel }) =>
      log.info(
        { members: members.map(({ nodeId, kind }) => `${nodeId} ${kind}`), feature_level: featureLevel },
        'the members changed',
      ),
  };
}

/** `node_id` is who logs. */
const fieldsOf = ({ type: operation, ...details }: ClusterOperation, by: string) => ({ operation, details, by });
