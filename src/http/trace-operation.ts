import { Type } from 'typebox';
import { traceHeader } from '../control/reading-verbs.ts';
import type { TracePlace } from '../node/trace-page.ts';
import { merged } from '../trace/merging.ts';
import { apiError } from './api-error.ts';
import type { Operation } from './operation.ts';

/**
 * What consensus does on every member, a look at a time: whoever looks says where it stopped, at its own pace, so that a page that is slow,
 * or in the background, is sent less and not behind. The trace is kept on while somebody looks (TRACE_WATCH_MS_MAX).
 */
const NODES_MAX = 64;

export const readTraceOfAll: Operation = {
  id: 'readTrace',
  method: 'GET',
  path: '/v1/debug/trace',
  summary:
    'Look at what consensus does on every member, from where the last look ended; this keeps their traces on for 10 s',
  query: Type.Object(
    {
      after: Type.Optional(Type.String({ description: 'The cursor of the last look; what is kept where left out.' })),
    },
    { additionalProperties: false },
  ),
  success: {
    status: 200,
    description: 'The header of a trace, lines of it, and how each member answered.',
    schema: Type.Object({
      header: Type.Unsafe<unknown>({ type: 'object' }),
      cursor: Type.String(),
      nodes: Type.Array(
        Type.Object({
          node_id: Type.String(),
          answered: Type.Boolean(),
          /** Of its lines: more than is carried at once. */
          skipped: Type.Integer({ minimum: 0 }),
          /** It was started again since the last look. */
          restarted: Type.Boolean(),
        }),
      ),
      items: Type.Array(Type.Unsafe<unknown>({ type: 'object' })),
    }),
  },
  errors: ['cursor_refused'],
  async handle({ query }, { node }) {
    const places = readCursor(query.after);
    if (places === null) return apiError('cursor_refused', 'the cursor is not one that this operation gave out');
    const status = node.status();
    const nodeIds = [...new Set([status.nodeId, ...status.members.map(({ nodeId }) => nodeId)])].slice(0, NODES_MAX);
    const pages = await Promise.all(nodeIds.map((nodeId) => node.traceOf(nodeId, places.get(nodeId) ?? null)));
    const nodes = nodeIds.map((nodeId, at) => {
      const page = pages[at] ?? null;
      const before = places.get(nodeId);
      const restarted = page !== null && before !== undefined && before.epoch !== page.epoch;
      if (page !== null) {
        const line = page.lines.at(-1)?.line ?? (restarted ? 0 : (before?.line ?? 0) + page.skipped);
        places.set(nodeId, { epoch: page.epoch, line });
      }
      // Of a first look: that there was more before it is no news.
      const skipped = before === undefined ? 0 : (page?.skipped ?? 0);
      return { node_id: nodeId, answered: page !== null, skipped, restarted };
    });
    const items = merged(pages.map((page) => page?.lines ?? []));
    const header = traceHeader(node, nodeIds);
    return { status: 200, body: JSON.stringify({ header, cursor: printCursor(places), nodes, items }) };
  },
};

const CURSOR = /^[a-z0-9-]{1,32}:\d{1,15}:\d{1,15}(?:,[a-z0-9-]{1,32}:\d{1,15}:\d{1,15})*$/;

function readCursor(text: string | undefined): Map<string, TracePlace> | null {
  if (text === undefined || text === '') return new Map();
  if (!CURSOR.test(text)) return null;
  const places = text.split(',').map((place): readonly [string, TracePlace] => {
    const [nodeId = '', epoch, line] = place.split(':');
    return [nodeId, { epoch: Number(epoch), line: Number(line) }];
  });
  return new Map(places.slice(0, NODES_MAX));
}

const printCursor = (places: ReadonlyMap<string, TracePlace>): string =>
  [...places].map(([nodeId, { epoch, line }]) => `${nodeId}:${epoch}:${line}`).join(',');
