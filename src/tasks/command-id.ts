import type { Brand } from '../brand.ts';

/** Given to a write by the node that took it, once for all its repetitions (design: unknown outcomes). */
export type CommandId = Brand<string, 'CommandId'>;

/** Results stand among the idempotency keys, under names that no client can send: a header holds no line break. */
const PREFIX = 'command\n';

export const keyOfCommand = (commandId: CommandId): string => `${PREFIX}${commandId}`;
export const isKeyOfCommand = (key: string): boolean => key.startsWith(PREFIX);
