import type { HeaderParameter } from './operation.ts';

/** Header parameters that several operations take. */

export const IDEMPOTENCY_HEADER: HeaderParameter = {
  name: 'Idempotency-Key',
  description:
    'Makes the creation safe to repeat for 24 hours: the same request under the same key gives the same task, another is refused.',
};

export const IF_MATCH_HEADER: HeaderParameter = {
  name: 'If-Match',
  description:
    'The ETag of the task as it was read; the change is refused when the task is at another version. Optional.',
};
