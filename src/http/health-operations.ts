import { Type } from 'typebox';
import { healthSchema } from './answer-schema.ts';
import type { Operation } from './operation.ts';

/** For probes: open to all, and cheap. */

const livez: Operation = {
  id: 'readLiveness',
  method: 'GET',
  path: '/livez',
  summary: 'Whether the process turns: no answer means no',
  open: true,
  success: { status: 200, description: 'It does.', schema: Type.Object({ live: Type.Boolean() }) },
  errors: [],
  handle: () => ({ status: 200, body: '{"live":true}' }),
};

const readyz: Operation = {
  id: 'readReadiness',
  method: 'GET',
  path: '/readyz',
  summary: 'Whether this node takes work, and why not',
  open: true,
  success: { status: 200, description: 'It does.', schema: healthSchema },
  otherwise: { status: 503, description: 'It does not; `reason` says why.' },
  errors: [],
  handle(_request, { node }) {
    const { ready, state, reason } = node.health();
    return { status: ready ? 200 : 503, body: JSON.stringify({ ready, state, reason }) };
  },
};

export const healthOperations: readonly Operation[] = [livez, readyz];
