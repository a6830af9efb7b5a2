/**
 * Raised with every new kind of event or precondition; an entry of a later version halts the node, it is never skipped. 2: `CommandDone`.
 * 3: operations of the cluster, claims that name the instance. 4: claims ahead of their due time. 5: what came of an operation.
 * A leader writes what every member can read: the feature level of the configuration in force.
 */
export const ENTRY_VERSION = 5;
/** What every member must know before a claim is made ahead of its time: an older node would send it at once. */
export const LOOK_AHEAD_LEVEL = 4;
/** Since when the audit says what came of an operation. */
export const OPERATION_ENDS_LEVEL = 5;
