/** What can be done with the data directory of a node that does not run: the doors stand on the node, not on the store. */
export { type ForcedCluster, forceNewCluster } from '../store/force-new-cluster.ts';
export { describeDamage } from '../store/log-refusal.ts';
export type { StorageRefused } from '../store/log-store.ts';
export { checkStore, type StoreDamage, type StoreReport } from '../store/store-check.ts';
export { restoreStore } from '../store/store-restore.ts';
export { type PossiblePlan, truncateStore } from '../store/store-truncate.ts';
export type { TruncationPlan } from '../store/truncation-plan.ts';
export { backupStore } from './backup-store.ts';
export { rebuildState } from './rebuild-state.ts';
export { type VerifyReport, verifyState } from './verify-state.ts';
