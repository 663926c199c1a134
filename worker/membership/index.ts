/** The worker's side of the Cluster service. */
export { joinCluster } from './join-cluster.ts';
export type {
  BlockProtection,
  ClusterMembership,
  CollectRequest,
  DatasetRule,
  FetchRequest,
  FetchResult,
  HeldChange,
  HeldPrediction,
  HeldSource,
  MembershipOptions,
  PredictRequest,
  ReadPattern,
  Scan,
  ScanRequest,
  WorkerCounters,
  WorkerHandlers,
} from './types.ts';
export type { Visited, VisitRequest } from '../store/index.ts';
