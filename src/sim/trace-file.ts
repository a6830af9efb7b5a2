import type { Clock } from '../clock.ts';
import { Tracing } from '../node/tracing.ts';
import {
  type MoveLine,
  type NoteLine,
  type StepLine,
  TRACE_FORMAT,
  TRACE_VERSION,
  type TraceHeader,
} from '../trace/format.ts';
import { told, withoutData } from '../trace/telling.ts';

/** A run as a trace file: what the nodes' consensus did, a line a step, and what the world did to them in between. */
export interface TraceFile {
  begin(clusterId: string, nodes: readonly string[], made: string): void;
  note(atMs: number, node: string | null, kind: string, says: Readonly<Record<string, unknown>> | undefined): void;
  /** Writes on from here, at the world's time: clocks of nodes differ. */
  follow(tracing: Tracing, worldMs: () => number): void;
  end(): void;
}

export function createTraceFile(write: (line: object) => void): TraceFile {
  let lines = 0;
  const written = new Set<string>();
  const say = (line: NoteLine | StepLine | MoveLine): void => {
    lines += 1;
    write({ ...line, line: lines });
  };
  /** What an entry says is the same wherever it stands: it is written with the first node that has it. */
  const onlyNew = (line: StepLine | MoveLine): StepLine | MoveLine => {
    if (line.what !== 'step' || line.wrote === undefined) return line;
    const wrote = line.wrote.map((entry) => {
      const place = `${entry.index}/${entry.term}`;
      if (written.has(place)) return withoutData(entry);
      written.add(place);
      return entry;
    });
    return { ...line, wrote };
  };
  return {
    begin(clusterId, nodes, made) {
      write({
        format: TRACE_FORMAT,
        version: TRACE_VERSION,
        source: 'sim',
        clusterId,
        nodes,
        made,
      } satisfies TraceHeader);
    },
    note(atMs, node, kind, says) {
      if (SAID_BY_STEPS.has(kind)) return;
      say({
        what: 'note',
        line: 0,
        atMs: inMicroseconds(atMs),
        ...(node === null ? {} : { node }),
        kind,
        ...(says === undefined ? {} : { says }),
      });
    },
    follow(tracing, worldMs) {
      tracing.onLine = (line) => say({ ...told(onlyNew(line)), atMs: inMicroseconds(worldMs()) });
      tracing.keep(true);
    },
    end() {
      write({ what: 'end', lines });
    },
  };
}

/** For a process that is no whole node. */
export function followProcess(file: TraceFile, nodeId: string, worldMs: () => number): Tracing {
  const clock: Clock = {
    nowMs: worldMs,
    monotonicMs: worldMs,
    setTimer: () => ({ cancel() {} }),
    nextTurn: () => {},
  };
  const tracing = new Tracing(nodeId, clock);
  file.follow(tracing, worldMs);
  return tracing;
}

const inMicroseconds = (ms: number): number => Math.round(ms * 1_000) / 1_000;

/** Kinds of notes that say again what the lines of steps say: messages, roles, writes, and what is applied. */
const SAID_BY_STEPS: ReadonlySet<string> = new Set([
  'pre-vote',
  'pre-vote-answer',
  'vote',
  'vote-answer',
  'append',
  'appended',
  'append-refused',
  'heartbeat',
  'heartbeat-answer',
  'snapshot-chunk',
  'snapshot-received',
  'timeout-now',
  'read-index',
  'read-index-answer',
  'batch',
  'recovering',
  'learner',
  'follower',
  'preCandidate',
  'candidate',
  'leader',
  'removed',
  'dropped',
  'configuration-changed',
  'durable',
  'applied',
]);
