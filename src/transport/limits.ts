/** Every bound of the transport, in one place (I10). */

/** A frame that would be longer than this, or than the server takes (`max_payload`, 1 MiB unless set), is not sent. */
export const FRAME_BYTES_MAX = 1_024 * 1_024;
/** Of the part of a frame that says what is in it. Notes are in there, with the tasks that nodes hand on to their leader. */
export const FRAME_HEAD_BYTES_MAX = 960 * 1_024;
/** The client buffers without a bound. What the server has not confirmed to have read stays below this; beyond, frames are lost. */
export const UNREAD_BYTES_MAX = 16 * 1_024 * 1_024;
/** With more than this unread, the server is asked how far it is: below, a question would cost more than it tells. */
export const ASK_READ_BYTES = 256 * 1_024;
/** Members, of whom it is known which of their messages was the last. Instances that are gone make room. */
export const SENDERS_KNOWN_MAX = 256;
/** Peers that are told, at once, that what was sent to them is lost. */
export const RECENT_PEERS_MAX = 256;

/** Quick, and not all nodes at the same moment. */
export const RECONNECT_WAIT_MS = 100;
export const RECONNECT_JITTER_MS = 150;
/** A broker that hangs is left after two of these. */
export const PING_EVERY_MS = 1_000;
export const PINGS_UNANSWERED_MAX = 2;
export const CONNECT_TIMEOUT_MS = 2_000;
/** What was said last may still be on its way when a node stops. */
export const CLOSE_FLUSH_MS = 500;

/**
 * What `send` is handed at once, encoded as JSON (bytes as base64). NATS carries 1 MiB (max_payload); the rest is left for frame, headers and
 * signature. A full one is about 350 KiB in practice: this is what the worst text would take.
 */
export const BATCH_BYTES_MAX = 896 * 1_024;
