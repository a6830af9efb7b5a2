/** Every bound of the port between nodes (I10). */

/**
 * What `send` is handed at once, encoded as JSON (bytes as base64). NATS carries 1 MiB (max_payload); the rest is left for frame, headers and
 * signature. A full one is about 350 KiB in practice: this is what the worst text would take.
 */
export const BATCH_BYTES_MAX = 896 * 1_024;
