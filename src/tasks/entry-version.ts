/**
 * Raised with every new kind of event or precondition; an entry of a later version halts the node, it is never skipped. 2: `CommandDone`.
 * 3: operations of the cluster.
 * A leader writes what every member can read: the feature level of the configuration in force.
 */
export const ENTRY_VERSION = 3;
