/** Operations over NATS that a node works on at once. More are refused as `overloaded`. */
export const OPERATIONS_IN_FLIGHT_MAX = 64;
/** After the service could not be offered: the servers are away, or do not permit it. */
export const OFFER_AGAIN_MS = 1_000;
/** What a caller is told to wait before it asks again. */
export const OVERLOADED_RETRY_MS = 500;
