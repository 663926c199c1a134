import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { AuditClient as _larder_v1_AuditClient, AuditDefinition as _larder_v1_AuditDefinition } from './larder/v1/Audit.ts';
import type { AuditCount as _larder_v1_AuditCount, AuditCount__Output as _larder_v1_AuditCount__Output } from './larder/v1/AuditCount.ts';
import type { AuditDifference as _larder_v1_AuditDifference, AuditDifference__Output as _larder_v1_AuditDifference__Output } from './larder/v1/AuditDifference.ts';
import type { AuditDone as _larder_v1_AuditDone, AuditDone__Output as _larder_v1_AuditDone__Output } from './larder/v1/AuditDone.ts';
import type { AuditEvent as _larder_v1_AuditEvent, AuditEvent__Output as _larder_v1_AuditEvent__Output } from './larder/v1/AuditEvent.ts';
import type { AuditPart as _larder_v1_AuditPart, AuditPart__Output as _larder_v1_AuditPart__Output } from './larder/v1/AuditPart.ts';
import type { AuditProgress as _larder_v1_AuditProgress, AuditProgress__Output as _larder_v1_AuditProgress__Output } from './larder/v1/AuditProgress.ts';
import type { AuditRequest as _larder_v1_AuditRequest, AuditRequest__Output as _larder_v1_AuditRequest__Output } from './larder/v1/AuditRequest.ts';
import type { AuditedWorker as _larder_v1_AuditedWorker, AuditedWorker__Output as _larder_v1_AuditedWorker__Output } from './larder/v1/AuditedWorker.ts';
import type { BuildDone as _larder_v1_BuildDone, BuildDone__Output as _larder_v1_BuildDone__Output } from './larder/v1/BuildDone.ts';
import type { BuildProgress as _larder_v1_BuildProgress, BuildProgress__Output as _larder_v1_BuildProgress__Output } from './larder/v1/BuildProgress.ts';
import type { CancelCommand as _larder_v1_CancelCommand, CancelCommand__Output as _larder_v1_CancelCommand__Output } from './larder/v1/CancelCommand.ts';
import type { CatalogClient as _larder_v1_CatalogClient, CatalogDefinition as _larder_v1_CatalogDefinition } from './larder/v1/Catalog.ts';
import type { Changes as _larder_v1_Changes, Changes__Output as _larder_v1_Changes__Output } from './larder/v1/Changes.ts';
import type { ClusterClient as _larder_v1_ClusterClient, ClusterDefinition as _larder_v1_ClusterDefinition } from './larder/v1/Cluster.ts';
import type { ClusterStatus as _larder_v1_ClusterStatus, ClusterStatus__Output as _larder_v1_ClusterStatus__Output } from './larder/v1/ClusterStatus.ts';
import type { CollectDataset as _larder_v1_CollectDataset, CollectDataset__Output as _larder_v1_CollectDataset__Output } from './larder/v1/CollectDataset.ts';
import type { CommandResult as _larder_v1_CommandResult, CommandResult__Output as _larder_v1_CommandResult__Output } from './larder/v1/CommandResult.ts';
import type { CreateDatasetRequest as _larder_v1_CreateDatasetRequest, CreateDatasetRequest__Output as _larder_v1_CreateDatasetRequest__Output } from './larder/v1/CreateDatasetRequest.ts';
import type { Dataset as _larder_v1_Dataset, Dataset__Output as _larder_v1_Dataset__Output } from './larder/v1/Dataset.ts';
import type { DatasetPattern as _larder_v1_DatasetPattern, DatasetPattern__Output as _larder_v1_DatasetPattern__Output } from './larder/v1/DatasetPattern.ts';
import type { DatasetReplicas as _larder_v1_DatasetReplicas, DatasetReplicas__Output as _larder_v1_DatasetReplicas__Output } from './larder/v1/DatasetReplicas.ts';
import type { DatasetSettings as _larder_v1_DatasetSettings, DatasetSettings__Output as _larder_v1_DatasetSettings__Output } from './larder/v1/DatasetSettings.ts';
import type { DatasetStatus as _larder_v1_DatasetStatus, DatasetStatus__Output as _larder_v1_DatasetStatus__Output } from './larder/v1/DatasetStatus.ts';
import type { DecisionCount as _larder_v1_DecisionCount, DecisionCount__Output as _larder_v1_DecisionCount__Output } from './larder/v1/DecisionCount.ts';
import type { DeleteDatasetRequest as _larder_v1_DeleteDatasetRequest, DeleteDatasetRequest__Output as _larder_v1_DeleteDatasetRequest__Output } from './larder/v1/DeleteDatasetRequest.ts';
import type { DeleteDatasetResponse as _larder_v1_DeleteDatasetResponse, DeleteDatasetResponse__Output as _larder_v1_DeleteDatasetResponse__Output } from './larder/v1/DeleteDatasetResponse.ts';
import type { DeleteVersionRequest as _larder_v1_DeleteVersionRequest, DeleteVersionRequest__Output as _larder_v1_DeleteVersionRequest__Output } from './larder/v1/DeleteVersionRequest.ts';
import type { DeleteVersionResponse as _larder_v1_DeleteVersionResponse, DeleteVersionResponse__Output as _larder_v1_DeleteVersionResponse__Output } from './larder/v1/DeleteVersionResponse.ts';
import type { Disk as _larder_v1_Disk, Disk__Output as _larder_v1_Disk__Output } from './larder/v1/Disk.ts';
import type { DrainWorkerRequest as _larder_v1_DrainWorkerRequest, DrainWorkerRequest__Output as _larder_v1_DrainWorkerRequest__Output } from './larder/v1/DrainWorkerRequest.ts';
import type { DrainWorkerResponse as _larder_v1_DrainWorkerResponse, DrainWorkerResponse__Output as _larder_v1_DrainWorkerResponse__Output } from './larder/v1/DrainWorkerResponse.ts';
import type { EndPlanRequest as _larder_v1_EndPlanRequest, EndPlanRequest__Output as _larder_v1_EndPlanRequest__Output } from './larder/v1/EndPlanRequest.ts';
import type { EndPlanResponse as _larder_v1_EndPlanResponse, EndPlanResponse__Output as _larder_v1_EndPlanResponse__Output } from './larder/v1/EndPlanResponse.ts';
import type { Failure as _larder_v1_Failure, Failure__Output as _larder_v1_Failure__Output } from './larder/v1/Failure.ts';
import type { FetchObjects as _larder_v1_FetchObjects, FetchObjects__Output as _larder_v1_FetchObjects__Output } from './larder/v1/FetchObjects.ts';
import type { ForgetWorkerRequest as _larder_v1_ForgetWorkerRequest, ForgetWorkerRequest__Output as _larder_v1_ForgetWorkerRequest__Output } from './larder/v1/ForgetWorkerRequest.ts';
import type { ForgetWorkerResponse as _larder_v1_ForgetWorkerResponse, ForgetWorkerResponse__Output as _larder_v1_ForgetWorkerResponse__Output } from './larder/v1/ForgetWorkerResponse.ts';
import type { GetDatasetRequest as _larder_v1_GetDatasetRequest, GetDatasetRequest__Output as _larder_v1_GetDatasetRequest__Output } from './larder/v1/GetDatasetRequest.ts';
import type { GetStatusRequest as _larder_v1_GetStatusRequest, GetStatusRequest__Output as _larder_v1_GetStatusRequest__Output } from './larder/v1/GetStatusRequest.ts';
import type { Heartbeat as _larder_v1_Heartbeat, Heartbeat__Output as _larder_v1_Heartbeat__Output } from './larder/v1/Heartbeat.ts';
import type { HeldReport as _larder_v1_HeldReport, HeldReport__Output as _larder_v1_HeldReport__Output } from './larder/v1/HeldReport.ts';
import type { Hello as _larder_v1_Hello, Hello__Output as _larder_v1_Hello__Output } from './larder/v1/Hello.ts';
import type { JobPlan as _larder_v1_JobPlan, JobPlan__Output as _larder_v1_JobPlan__Output } from './larder/v1/JobPlan.ts';
import type { LeaseStatus as _larder_v1_LeaseStatus, LeaseStatus__Output as _larder_v1_LeaseStatus__Output } from './larder/v1/LeaseStatus.ts';
import type { LeaseVersionRequest as _larder_v1_LeaseVersionRequest, LeaseVersionRequest__Output as _larder_v1_LeaseVersionRequest__Output } from './larder/v1/LeaseVersionRequest.ts';
import type { LeaseVersionResponse as _larder_v1_LeaseVersionResponse, LeaseVersionResponse__Output as _larder_v1_LeaseVersionResponse__Output } from './larder/v1/LeaseVersionResponse.ts';
import type { ListDatasetsRequest as _larder_v1_ListDatasetsRequest, ListDatasetsRequest__Output as _larder_v1_ListDatasetsRequest__Output } from './larder/v1/ListDatasetsRequest.ts';
import type { ListDatasetsResponse as _larder_v1_ListDatasetsResponse, ListDatasetsResponse__Output as _larder_v1_ListDatasetsResponse__Output } from './larder/v1/ListDatasetsResponse.ts';
import type { ListOrigin as _larder_v1_ListOrigin, ListOrigin__Output as _larder_v1_ListOrigin__Output } from './larder/v1/ListOrigin.ts';
import type { ListPlansRequest as _larder_v1_ListPlansRequest, ListPlansRequest__Output as _larder_v1_ListPlansRequest__Output } from './larder/v1/ListPlansRequest.ts';
import type { ListPlansResponse as _larder_v1_ListPlansResponse, ListPlansResponse__Output as _larder_v1_ListPlansResponse__Output } from './larder/v1/ListPlansResponse.ts';
import type { ListSkippedRequest as _larder_v1_ListSkippedRequest, ListSkippedRequest__Output as _larder_v1_ListSkippedRequest__Output } from './larder/v1/ListSkippedRequest.ts';
import type { ListVersionsRequest as _larder_v1_ListVersionsRequest, ListVersionsRequest__Output as _larder_v1_ListVersionsRequest__Output } from './larder/v1/ListVersionsRequest.ts';
import type { ListVersionsResponse as _larder_v1_ListVersionsResponse, ListVersionsResponse__Output as _larder_v1_ListVersionsResponse__Output } from './larder/v1/ListVersionsResponse.ts';
import type { ListingBatch as _larder_v1_ListingBatch, ListingBatch__Output as _larder_v1_ListingBatch__Output } from './larder/v1/ListingBatch.ts';
import type { ListingEntry as _larder_v1_ListingEntry, ListingEntry__Output as _larder_v1_ListingEntry__Output } from './larder/v1/ListingEntry.ts';
import type { LivePlans as _larder_v1_LivePlans, LivePlans__Output as _larder_v1_LivePlans__Output } from './larder/v1/LivePlans.ts';
import type { ManifestChunk as _larder_v1_ManifestChunk, ManifestChunk__Output as _larder_v1_ManifestChunk__Output } from './larder/v1/ManifestChunk.ts';
import type { MasterMessage as _larder_v1_MasterMessage, MasterMessage__Output as _larder_v1_MasterMessage__Output } from './larder/v1/MasterMessage.ts';
import type { Member as _larder_v1_Member, Member__Output as _larder_v1_Member__Output } from './larder/v1/Member.ts';
import type { MoveCounters as _larder_v1_MoveCounters, MoveCounters__Output as _larder_v1_MoveCounters__Output } from './larder/v1/MoveCounters.ts';
import type { NodeScore as _larder_v1_NodeScore, NodeScore__Output as _larder_v1_NodeScore__Output } from './larder/v1/NodeScore.ts';
import type { ObjectFailure as _larder_v1_ObjectFailure, ObjectFailure__Output as _larder_v1_ObjectFailure__Output } from './larder/v1/ObjectFailure.ts';
import type { ObjectResults as _larder_v1_ObjectResults, ObjectResults__Output as _larder_v1_ObjectResults__Output } from './larder/v1/ObjectResults.ts';
import type { OriginBudget as _larder_v1_OriginBudget, OriginBudget__Output as _larder_v1_OriginBudget__Output } from './larder/v1/OriginBudget.ts';
import type { OriginCounters as _larder_v1_OriginCounters, OriginCounters__Output as _larder_v1_OriginCounters__Output } from './larder/v1/OriginCounters.ts';
import type { OriginDemand as _larder_v1_OriginDemand, OriginDemand__Output as _larder_v1_OriginDemand__Output } from './larder/v1/OriginDemand.ts';
import type { OriginShare as _larder_v1_OriginShare, OriginShare__Output as _larder_v1_OriginShare__Output } from './larder/v1/OriginShare.ts';
import type { OriginShares as _larder_v1_OriginShares, OriginShares__Output as _larder_v1_OriginShares__Output } from './larder/v1/OriginShares.ts';
import type { OriginTrouble as _larder_v1_OriginTrouble, OriginTrouble__Output as _larder_v1_OriginTrouble__Output } from './larder/v1/OriginTrouble.ts';
import type { PeerCounters as _larder_v1_PeerCounters, PeerCounters__Output as _larder_v1_PeerCounters__Output } from './larder/v1/PeerCounters.ts';
import type { Placement as _larder_v1_Placement, Placement__Output as _larder_v1_Placement__Output } from './larder/v1/Placement.ts';
import type { PlanInfo as _larder_v1_PlanInfo, PlanInfo__Output as _larder_v1_PlanInfo__Output } from './larder/v1/PlanInfo.ts';
import type { PlansClient as _larder_v1_PlansClient, PlansDefinition as _larder_v1_PlansDefinition } from './larder/v1/Plans.ts';
import type { Prediction as _larder_v1_Prediction, Prediction__Output as _larder_v1_Prediction__Output } from './larder/v1/Prediction.ts';
import type { Probe as _larder_v1_Probe, Probe__Output as _larder_v1_Probe__Output } from './larder/v1/Probe.ts';
import type { Protect as _larder_v1_Protect, Protect__Output as _larder_v1_Protect__Output } from './larder/v1/Protect.ts';
import type { Protections as _larder_v1_Protections, Protections__Output as _larder_v1_Protections__Output } from './larder/v1/Protections.ts';
import type { PushListingResponse as _larder_v1_PushListingResponse, PushListingResponse__Output as _larder_v1_PushListingResponse__Output } from './larder/v1/PushListingResponse.ts';
import type { ReadCounters as _larder_v1_ReadCounters, ReadCounters__Output as _larder_v1_ReadCounters__Output } from './larder/v1/ReadCounters.ts';
import type { ReadManifestRequest as _larder_v1_ReadManifestRequest, ReadManifestRequest__Output as _larder_v1_ReadManifestRequest__Output } from './larder/v1/ReadManifestRequest.ts';
import type { RefreshDatasetRequest as _larder_v1_RefreshDatasetRequest, RefreshDatasetRequest__Output as _larder_v1_RefreshDatasetRequest__Output } from './larder/v1/RefreshDatasetRequest.ts';
import type { ReleaseLeaseRequest as _larder_v1_ReleaseLeaseRequest, ReleaseLeaseRequest__Output as _larder_v1_ReleaseLeaseRequest__Output } from './larder/v1/ReleaseLeaseRequest.ts';
import type { ReleaseLeaseResponse as _larder_v1_ReleaseLeaseResponse, ReleaseLeaseResponse__Output as _larder_v1_ReleaseLeaseResponse__Output } from './larder/v1/ReleaseLeaseResponse.ts';
import type { ReplicaSettings as _larder_v1_ReplicaSettings, ReplicaSettings__Output as _larder_v1_ReplicaSettings__Output } from './larder/v1/ReplicaSettings.ts';
import type { ReportPlain as _larder_v1_ReportPlain, ReportPlain__Output as _larder_v1_ReportPlain__Output } from './larder/v1/ReportPlain.ts';
import type { ResolveVersionRequest as _larder_v1_ResolveVersionRequest, ResolveVersionRequest__Output as _larder_v1_ResolveVersionRequest__Output } from './larder/v1/ResolveVersionRequest.ts';
import type { ResolvedVersion as _larder_v1_ResolvedVersion, ResolvedVersion__Output as _larder_v1_ResolvedVersion__Output } from './larder/v1/ResolvedVersion.ts';
import type { ScanDataset as _larder_v1_ScanDataset, ScanDataset__Output as _larder_v1_ScanDataset__Output } from './larder/v1/ScanDataset.ts';
import type { ScannedProblem as _larder_v1_ScannedProblem, ScannedProblem__Output as _larder_v1_ScannedProblem__Output } from './larder/v1/ScannedProblem.ts';
import type { ScoreNodesRequest as _larder_v1_ScoreNodesRequest, ScoreNodesRequest__Output as _larder_v1_ScoreNodesRequest__Output } from './larder/v1/ScoreNodesRequest.ts';
import type { ScoreNodesResponse as _larder_v1_ScoreNodesResponse, ScoreNodesResponse__Output as _larder_v1_ScoreNodesResponse__Output } from './larder/v1/ScoreNodesResponse.ts';
import type { SetDatasetRequest as _larder_v1_SetDatasetRequest, SetDatasetRequest__Output as _larder_v1_SetDatasetRequest__Output } from './larder/v1/SetDatasetRequest.ts';
import type { SkippedEntry as _larder_v1_SkippedEntry, SkippedEntry__Output as _larder_v1_SkippedEntry__Output } from './larder/v1/SkippedEntry.ts';
import type { SkippedKey as _larder_v1_SkippedKey, SkippedKey__Output as _larder_v1_SkippedKey__Output } from './larder/v1/SkippedKey.ts';
import type { SkippedKeys as _larder_v1_SkippedKeys, SkippedKeys__Output as _larder_v1_SkippedKeys__Output } from './larder/v1/SkippedKeys.ts';
import type { StartPlanRequest as _larder_v1_StartPlanRequest, StartPlanRequest__Output as _larder_v1_StartPlanRequest__Output } from './larder/v1/StartPlanRequest.ts';
import type { TransitCounters as _larder_v1_TransitCounters, TransitCounters__Output as _larder_v1_TransitCounters__Output } from './larder/v1/TransitCounters.ts';
import type { Version as _larder_v1_Version, Version__Output as _larder_v1_Version__Output } from './larder/v1/Version.ts';
import type { VisitCount as _larder_v1_VisitCount, VisitCount__Output as _larder_v1_VisitCount__Output } from './larder/v1/VisitCount.ts';
import type { VisitCounts as _larder_v1_VisitCounts, VisitCounts__Output as _larder_v1_VisitCounts__Output } from './larder/v1/VisitCounts.ts';
import type { VisitObjects as _larder_v1_VisitObjects, VisitObjects__Output as _larder_v1_VisitObjects__Output } from './larder/v1/VisitObjects.ts';
import type { WatchPlacementRequest as _larder_v1_WatchPlacementRequest, WatchPlacementRequest__Output as _larder_v1_WatchPlacementRequest__Output } from './larder/v1/WatchPlacementRequest.ts';
import type { Welcome as _larder_v1_Welcome, Welcome__Output as _larder_v1_Welcome__Output } from './larder/v1/Welcome.ts';
import type { WorkerMessage as _larder_v1_WorkerMessage, WorkerMessage__Output as _larder_v1_WorkerMessage__Output } from './larder/v1/WorkerMessage.ts';
import type { WorkerPlan as _larder_v1_WorkerPlan, WorkerPlan__Output as _larder_v1_WorkerPlan__Output } from './larder/v1/WorkerPlan.ts';
import type { WorkerStatus as _larder_v1_WorkerStatus, WorkerStatus__Output as _larder_v1_WorkerStatus__Output } from './larder/v1/WorkerStatus.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  larder: {
    v1: {
      Audit: SubtypeConstructor<typeof grpc.Client, _larder_v1_AuditClient> & { service: _larder_v1_AuditDefinition }
      AuditCount: MessageTypeDefinition<_larder_v1_AuditCount, _larder_v1_AuditCount__Output>
      AuditDifference: MessageTypeDefinition<_larder_v1_AuditDifference, _larder_v1_AuditDifference__Output>
      AuditDone: MessageTypeDefinition<_larder_v1_AuditDone, _larder_v1_AuditDone__Output>
      AuditEvent: MessageTypeDefinition<_larder_v1_AuditEvent, _larder_v1_AuditEvent__Output>
      AuditPart: MessageTypeDefinition<_larder_v1_AuditPart, _larder_v1_AuditPart__Output>
      AuditProgress: MessageTypeDefinition<_larder_v1_AuditProgress, _larder_v1_AuditProgress__Output>
      AuditRequest: MessageTypeDefinition<_larder_v1_AuditRequest, _larder_v1_AuditRequest__Output>
      AuditedWorker: MessageTypeDefinition<_larder_v1_AuditedWorker, _larder_v1_AuditedWorker__Output>
      BuildDone: MessageTypeDefinition<_larder_v1_BuildDone, _larder_v1_BuildDone__Output>
      BuildProgress: MessageTypeDefinition<_larder_v1_BuildProgress, _larder_v1_BuildProgress__Output>
      CancelCommand: MessageTypeDefinition<_larder_v1_CancelCommand, _larder_v1_CancelCommand__Output>
      Catalog: SubtypeConstructor<typeof grpc.Client, _larder_v1_CatalogClient> & { service: _larder_v1_CatalogDefinition }
      Changes: MessageTypeDefinition<_larder_v1_Changes, _larder_v1_Changes__Output>
      Cluster: SubtypeConstructor<typeof grpc.Client, _larder_v1_ClusterClient> & { service: _larder_v1_ClusterDefinition }
      ClusterStatus: MessageTypeDefinition<_larder_v1_ClusterStatus, _larder_v1_ClusterStatus__Output>
      CollectDataset: MessageTypeDefinition<_larder_v1_CollectDataset, _larder_v1_CollectDataset__Output>
      CommandResult: MessageTypeDefinition<_larder_v1_CommandResult, _larder_v1_CommandResult__Output>
      CreateDatasetRequest: MessageTypeDefinition<_larder_v1_CreateDatasetRequest, _larder_v1_CreateDatasetRequest__Output>
      Dataset: MessageTypeDefinition<_larder_v1_Dataset, _larder_v1_Dataset__Output>
      DatasetPattern: MessageTypeDefinition<_larder_v1_DatasetPattern, _larder_v1_DatasetPattern__Output>
      DatasetReplicas: MessageTypeDefinition<_larder_v1_DatasetReplicas, _larder_v1_DatasetReplicas__Output>
      DatasetSettings: MessageTypeDefinition<_larder_v1_DatasetSettings, _larder_v1_DatasetSettings__Output>
      DatasetStatus: MessageTypeDefinition<_larder_v1_DatasetStatus, _larder_v1_DatasetStatus__Output>
      DecisionCount: MessageTypeDefinition<_larder_v1_DecisionCount, _larder_v1_DecisionCount__Output>
      DeleteDatasetRequest: MessageTypeDefinition<_larder_v1_DeleteDatasetRequest, _larder_v1_DeleteDatasetRequest__Output>
      DeleteDatasetResponse: MessageTypeDefinition<_larder_v1_DeleteDatasetResponse, _larder_v1_DeleteDatasetResponse__Output>
      DeleteVersionRequest: MessageTypeDefinition<_larder_v1_DeleteVersionRequest, _larder_v1_DeleteVersionRequest__Output>
      DeleteVersionResponse: MessageTypeDefinition<_larder_v1_DeleteVersionResponse, _larder_v1_DeleteVersionResponse__Output>
      Disk: MessageTypeDefinition<_larder_v1_Disk, _larder_v1_Disk__Output>
      DrainWorkerRequest: MessageTypeDefinition<_larder_v1_DrainWorkerRequest, _larder_v1_DrainWorkerRequest__Output>
      DrainWorkerResponse: MessageTypeDefinition<_larder_v1_DrainWorkerResponse, _larder_v1_DrainWorkerResponse__Output>
      EndPlanRequest: MessageTypeDefinition<_larder_v1_EndPlanRequest, _larder_v1_EndPlanRequest__Output>
      EndPlanResponse: MessageTypeDefinition<_larder_v1_EndPlanResponse, _larder_v1_EndPlanResponse__Output>
      EntryKind: EnumTypeDefinition
      Failure: MessageTypeDefinition<_larder_v1_Failure, _larder_v1_Failure__Output>
      FetchObjects: MessageTypeDefinition<_larder_v1_FetchObjects, _larder_v1_FetchObjects__Output>
      ForgetWorkerRequest: MessageTypeDefinition<_larder_v1_ForgetWorkerRequest, _larder_v1_ForgetWorkerRequest__Output>
      ForgetWorkerResponse: MessageTypeDefinition<_larder_v1_ForgetWorkerResponse, _larder_v1_ForgetWorkerResponse__Output>
      GetDatasetRequest: MessageTypeDefinition<_larder_v1_GetDatasetRequest, _larder_v1_GetDatasetRequest__Output>
      GetStatusRequest: MessageTypeDefinition<_larder_v1_GetStatusRequest, _larder_v1_GetStatusRequest__Output>
      Heartbeat: MessageTypeDefinition<_larder_v1_Heartbeat, _larder_v1_Heartbeat__Output>
      HeldReport: MessageTypeDefinition<_larder_v1_HeldReport, _larder_v1_HeldReport__Output>
      Hello: MessageTypeDefinition<_larder_v1_Hello, _larder_v1_Hello__Output>
      JobPlan: MessageTypeDefinition<_larder_v1_JobPlan, _larder_v1_JobPlan__Output>
      LeaseStatus: MessageTypeDefinition<_larder_v1_LeaseStatus, _larder_v1_LeaseStatus__Output>
      LeaseVersionRequest: MessageTypeDefinition<_larder_v1_LeaseVersionRequest, _larder_v1_LeaseVersionRequest__Output>
      LeaseVersionResponse: MessageTypeDefinition<_larder_v1_LeaseVersionResponse, _larder_v1_LeaseVersionResponse__Output>
      ListDatasetsRequest: MessageTypeDefinition<_larder_v1_ListDatasetsRequest, _larder_v1_ListDatasetsRequest__Output>
      ListDatasetsResponse: MessageTypeDefinition<_larder_v1_ListDatasetsResponse, _larder_v1_ListDatasetsResponse__Output>
      ListOrigin: MessageTypeDefinition<_larder_v1_ListOrigin, _larder_v1_ListOrigin__Output>
      ListPlansRequest: MessageTypeDefinition<_larder_v1_ListPlansRequest, _larder_v1_ListPlansRequest__Output>
      ListPlansResponse: MessageTypeDefinition<_larder_v1_ListPlansResponse, _larder_v1_ListPlansResponse__Output>
      ListSkippedRequest: MessageTypeDefinition<_larder_v1_ListSkippedRequest, _larder_v1_ListSkippedRequest__Output>
      ListVersionsRequest: MessageTypeDefinition<_larder_v1_ListVersionsRequest, _larder_v1_ListVersionsRequest__Output>
      ListVersionsResponse: MessageTypeDefinition<_larder_v1_ListVersionsResponse, _larder_v1_ListVersionsResponse__Output>
      ListingBatch: MessageTypeDefinition<_larder_v1_ListingBatch, _larder_v1_ListingBatch__Output>
      ListingEntry: MessageTypeDefinition<_larder_v1_ListingEntry, _larder_v1_ListingEntry__Output>
      LivePlans: MessageTypeDefinition<_larder_v1_LivePlans, _larder_v1_LivePlans__Output>
      ManifestChunk: MessageTypeDefinition<_larder_v1_ManifestChunk, _larder_v1_ManifestChunk__Output>
      MasterMessage: MessageTypeDefinition<_larder_v1_MasterMessage, _larder_v1_MasterMessage__Output>
      Member: MessageTypeDefinition<_larder_v1_Member, _larder_v1_Member__Output>
      MemberState: EnumTypeDefinition
      MoveCounters: MessageTypeDefinition<_larder_v1_MoveCounters, _larder_v1_MoveCounters__Output>
      NodeScore: MessageTypeDefinition<_larder_v1_NodeScore, _larder_v1_NodeScore__Output>
      ObjectFailure: MessageTypeDefinition<_larder_v1_ObjectFailure, _larder_v1_ObjectFailure__Output>
      ObjectResults: MessageTypeDefinition<_larder_v1_ObjectResults, _larder_v1_ObjectResults__Output>
      OriginBudget: MessageTypeDefinition<_larder_v1_OriginBudget, _larder_v1_OriginBudget__Output>
      OriginCounters: MessageTypeDefinition<_larder_v1_OriginCounters, _larder_v1_OriginCounters__Output>
      OriginDemand: MessageTypeDefinition<_larder_v1_OriginDemand, _larder_v1_OriginDemand__Output>
      OriginShare: MessageTypeDefinition<_larder_v1_OriginShare, _larder_v1_OriginShare__Output>
      OriginShares: MessageTypeDefinition<_larder_v1_OriginShares, _larder_v1_OriginShares__Output>
      OriginTrouble: MessageTypeDefinition<_larder_v1_OriginTrouble, _larder_v1_OriginTrouble__Output>
      PeerCounters: MessageTypeDefinition<_larder_v1_PeerCounters, _larder_v1_PeerCounters__Output>
      Placement: MessageTypeDefinition<_larder_v1_Placement, _larder_v1_Placement__Output>
      PlanInfo: MessageTypeDefinition<_larder_v1_PlanInfo, _larder_v1_PlanInfo__Output>
      Plans: SubtypeConstructor<typeof grpc.Client, _larder_v1_PlansClient> & { service: _larder_v1_PlansDefinition }
      Prediction: MessageTypeDefinition<_larder_v1_Prediction, _larder_v1_Prediction__Output>
      Probe: MessageTypeDefinition<_larder_v1_Probe, _larder_v1_Probe__Output>
      Protect: MessageTypeDefinition<_larder_v1_Protect, _larder_v1_Protect__Output>
      Protections: MessageTypeDefinition<_larder_v1_Protections, _larder_v1_Protections__Output>
      PushListingResponse: MessageTypeDefinition<_larder_v1_PushListingResponse, _larder_v1_PushListingResponse__Output>
      ReadCounters: MessageTypeDefinition<_larder_v1_ReadCounters, _larder_v1_ReadCounters__Output>
      ReadManifestRequest: MessageTypeDefinition<_larder_v1_ReadManifestRequest, _larder_v1_ReadManifestRequest__Output>
      RefreshDatasetRequest: MessageTypeDefinition<_larder_v1_RefreshDatasetRequest, _larder_v1_RefreshDatasetRequest__Output>
      ReleaseLeaseRequest: MessageTypeDefinition<_larder_v1_ReleaseLeaseRequest, _larder_v1_ReleaseLeaseRequest__Output>
      ReleaseLeaseResponse: MessageTypeDefinition<_larder_v1_ReleaseLeaseResponse, _larder_v1_ReleaseLeaseResponse__Output>
      ReplicaSettings: MessageTypeDefinition<_larder_v1_ReplicaSettings, _larder_v1_ReplicaSettings__Output>
      ReportPlain: MessageTypeDefinition<_larder_v1_ReportPlain, _larder_v1_ReportPlain__Output>
      ResolveVersionRequest: MessageTypeDefinition<_larder_v1_ResolveVersionRequest, _larder_v1_ResolveVersionRequest__Output>
      ResolvedVersion: MessageTypeDefinition<_larder_v1_ResolvedVersion, _larder_v1_ResolvedVersion__Output>
      ScanDataset: MessageTypeDefinition<_larder_v1_ScanDataset, _larder_v1_ScanDataset__Output>
      ScannedProblem: MessageTypeDefinition<_larder_v1_ScannedProblem, _larder_v1_ScannedProblem__Output>
      ScoreNodesRequest: MessageTypeDefinition<_larder_v1_ScoreNodesRequest, _larder_v1_ScoreNodesRequest__Output>
      ScoreNodesResponse: MessageTypeDefinition<_larder_v1_ScoreNodesResponse, _larder_v1_ScoreNodesResponse__Output>
      SetDatasetRequest: MessageTypeDefinition<_larder_v1_SetDatasetRequest, _larder_v1_SetDatasetRequest__Output>
      SkippedEntry: MessageTypeDefinition<_larder_v1_SkippedEntry, _larder_v1_SkippedEntry__Output>
      SkippedKey: MessageTypeDefinition<_larder_v1_SkippedKey, _larder_v1_SkippedKey__Output>
      SkippedKeys: MessageTypeDefinition<_larder_v1_SkippedKeys, _larder_v1_SkippedKeys__Output>
      StartPlanRequest: MessageTypeDefinition<_larder_v1_StartPlanRequest, _larder_v1_StartPlanRequest__Output>
      TransitCounters: MessageTypeDefinition<_larder_v1_TransitCounters, _larder_v1_TransitCounters__Output>
      Version: MessageTypeDefinition<_larder_v1_Version, _larder_v1_Version__Output>
      VisitCount: MessageTypeDefinition<_larder_v1_VisitCount, _larder_v1_VisitCount__Output>
      VisitCounts: MessageTypeDefinition<_larder_v1_VisitCounts, _larder_v1_VisitCounts__Output>
      VisitObjects: MessageTypeDefinition<_larder_v1_VisitObjects, _larder_v1_VisitObjects__Output>
      WatchPlacementRequest: MessageTypeDefinition<_larder_v1_WatchPlacementRequest, _larder_v1_WatchPlacementRequest__Output>
      Welcome: MessageTypeDefinition<_larder_v1_Welcome, _larder_v1_Welcome__Output>
      WorkerMessage: MessageTypeDefinition<_larder_v1_WorkerMessage, _larder_v1_WorkerMessage__Output>
      WorkerPlan: MessageTypeDefinition<_larder_v1_WorkerPlan, _larder_v1_WorkerPlan__Output>
      WorkerStatus: MessageTypeDefinition<_larder_v1_WorkerStatus, _larder_v1_WorkerStatus__Output>
    }
  }
}

