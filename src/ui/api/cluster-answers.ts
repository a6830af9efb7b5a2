/** What the node answers about the cluster, as far as the pages read it. */

export interface MemberAnswer {
  readonly node_id: string;
  readonly instance: string;
  readonly kind: 'voter' | 'learner' | 'worker';
  readonly role: string | null;
  readonly drained: boolean;
  readonly http_url: string | null;
  readonly match_index: number | null;
  readonly lag_ms: number | null;
  readonly alive: boolean;
}

export interface ClusterAnswer {
  readonly cluster_id: string;
  readonly node_id: string;
  readonly state: string;
  readonly ready: boolean;
  readonly reason: string | null;
  readonly role: string;
  readonly term: number;
  readonly leader_id: string | null;
  readonly commit_index: number;
  readonly applied_index: number;
  readonly scheduling: 'running' | 'paused';
  readonly members: readonly MemberAnswer[];
}

export interface AuditAnswer {
  readonly items: readonly {
    readonly at: string;
    readonly by: string;
    readonly request_id: string;
    readonly operation: string;
    readonly details: Readonly<Record<string, unknown>>;
    /** Null: under way, or nobody knows. */
    readonly outcome: 'done' | 'refused' | 'unknown' | null;
    readonly reason: string | null;
  }[];
}

export interface LatenessAnswer {
  readonly p50_ms: number;
  readonly p90_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
}

export interface CountsAnswer {
  readonly created: number;
  readonly fires: number;
  readonly succeeded: number;
  readonly failed_attempts: number;
  readonly dead_letters: number;
  readonly unknown: number;
  readonly lost_attempts: number;
  readonly skips: number;
  readonly lateness: LatenessAnswer | null;
}

export interface BucketAnswer extends CountsAnswer {
  readonly at: string;
}

export interface StatisticsAnswer {
  readonly window: 'hour' | 'day';
  readonly bucket: string;
  readonly since: string;
  readonly total: CountsAnswer;
  readonly buckets: readonly BucketAnswer[];
}
