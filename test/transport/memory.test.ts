import { memberId } from '../../src/raft/types.ts';
import { createMemoryNetwork } from '../../src/transport/memory.ts';
import { transportContract } from '../contract/transport.ts';

transportContract('memory', async () => {
  const network = createMemoryNetwork();
  return {
    join: async (nodeId, instance) => network.join(memberId(nodeId, instance)),
    close: async () => {},
  };
});
