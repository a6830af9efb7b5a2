/** How a door of this node reaches the servers that its transport uses. */
export { connectionOptions, type NatsAccess } from '../transport/nats-access.ts';
