import { Type } from 'typebox';
import { failed, type Verb } from './verb.ts';

/**
 * A cluster that runs is not restored over: its log says what was promised since the backup, and peers hold it. The verb is there to
 * say what to do instead.
 */
export const restoringVerb: Verb = {
  name: 'restore',
  access: 'admin',
  about: 'cluster',
  summary: 'Say how a backup is restored: never over a cluster that runs',
  input: Type.Object({}, { additionalProperties: false }),
  output: Type.Object({}, { additionalProperties: false }),
  errors: ['live_restore_refused'],
  run: async () =>
    failed(
      'live_restore_refused',
      "this cluster runs, and would lose what it has promised since the backup. Stop all its nodes, run 'xcron store restore FILE --data-dir NEW' for one of them, start it, and let the others join on empty directories",
    ),
};
