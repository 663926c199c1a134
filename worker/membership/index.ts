/** The worker's side of the Cluster service. */
export { joinCluster } from './join-cluster.ts';
export type {
  ClusterMembership,
  CollectRequest,
  FetchRequest,
  FetchResult,
  HeldChange,
  HeldPrediction,
  HeldSource,
  MembershipOptions,
  PredictRequest,
  Scan,
  ScanRequest,
  WorkerCounters,
  WorkerHandlers,
} from './types.ts';
