/** Operations over NATS that a node works on at once. More are refused as `overloaded`. */
export const OPERATIONS_IN_FLIGHT_MAX = 64;
/** After the service could not be offered: the servers are away, or do not permit it. */
export const OFFER_AGAIN_MS = 1_000;
/** What a caller is told to wait before it asks again. */
export const OVERLOADED_RETRY_MS = 500;
/** Requests for what concerns one node, whose outcome it tells again. */
export const NODE_REQUESTS_KEPT = 256;
/** How often a node looks whether it still belongs to the cluster that it answers for. */
export const BELONGS_LOOK_MS = 1_000;
/** And how often one that belongs to none yet: who asks right after a node is ready is answered. */
export const BELONGS_YET_LOOK_MS = 50;
/** Of published events that the NATS server is not known to have read; then the next ones wait in the log. */
export const PUBLISHED_BYTES_UNREAD_MAX = 1_048_576;
