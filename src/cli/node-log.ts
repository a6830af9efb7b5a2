import { destination, type Logger, pino } from 'pino';
import type { LogLevel } from '../control/verb.ts';
import { printable, type Terminal } from './terminal.ts';

/** JSON lines on stderr; at a terminal the same lines for a person. Fields never hold secrets, bodies or headers (I11). */
export function createLog(level: LogLevel, nodeId: string, terminal: Terminal): Logger {
  const options = {
    level,
    base: { node_id: nodeId },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  if (terminal.errIsTty) return pino(options, { write: (line) => terminal.err(lineForPerson(line)) });
  // At once, not by a buffer: the last line before an exit is the one that matters.
  return pino(options, destination({ fd: process.stderr.fd, sync: true }));
}

const SHOWN_APART: ReadonlySet<string> = new Set(['level', 'time', 'msg', 'node_id']);

export function lineForPerson(line: string): string {
  const record: Readonly<Record<string, unknown>> = JSON.parse(line);
  const time = String(record.time).slice(11, 23);
  const pairs = Object.entries(record)
    .filter(([name]) => !SHOWN_APART.has(name))
    .map(([name, value]) => `${name}=${printable(typeof value === 'string' ? value : JSON.stringify(value))}`);
  return [time, String(record.level).padEnd(5), printable(String(record.msg ?? '')), ...pairs].join(' ');
}

/** What is said once for each subject. Of more subjects than this, a flood of forged messages say, nothing more is said. */
const SAID_ONCE_MAX = 1_000;

export function createOnce(): (subject: string, say: () => void) => void {
  const said = new Set<string>();
  return (subject, say) => {
    if (said.has(subject) || said.size >= SAID_ONCE_MAX) return;
    said.add(subject);
    say();
  };
}
