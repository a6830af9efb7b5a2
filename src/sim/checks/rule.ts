/** What must hold in every run, by the names of the paper's Figure 3 where it has one. */
export type Rule =
  | 'Election Safety'
  | 'Elected By A Quorum'
  | 'Leader Append-Only'
  | 'Log Matching'
  | 'Leader Completeness'
  | 'State Machine Safety'
  | 'Nothing Goes Back'
  | 'One Vote A Term'
  | 'Promises Are Durable'
  | 'Whole Log Before A Vote'
  | 'Committed By A Durable Majority'
  | 'One Membership Change'
  | 'Acknowledged Is Committed'
  | 'Linearizable Reads'
  | 'Linearizable Histories'
  | 'A Healthy Node Stands'
  | 'No Due Time Lost'
  | 'One Live Claim'
  | 'Claimed Before Sent'
  | 'Sent Once An Attempt'
  | 'At Most Once'
  | 'Silence Once Acknowledged'
  | 'Created Once'
  | 'Carried Out Once'
  | 'Not Before Its Time'
  | 'Recorded As Answered'
  | 'Audit As Told'
  | 'Nothing Left At Rest'
  | 'Liveness'
  | 'Calm';

export class SafetyBroken extends Error {
  readonly rule: Rule;
  constructor(rule: Rule, message: string) {
    super(`${rule}: ${message}`);
    this.name = 'SafetyBroken';
    this.rule = rule;
  }
}

export function holds(condition: boolean, rule: Rule, message: () => string): asserts condition {
  if (!condition) throw new SafetyBroken(rule, message());
}
