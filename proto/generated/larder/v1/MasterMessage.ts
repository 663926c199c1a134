// Original file: proto/larder/v1/cluster.proto

import type { Welcome as _larder_v1_Welcome, Welcome__Output as _larder_v1_Welcome__Output } from '../../larder/v1/Welcome.ts';
import type { Placement as _larder_v1_Placement, Placement__Output as _larder_v1_Placement__Output } from '../../larder/v1/Placement.ts';
import type { ListOrigin as _larder_v1_ListOrigin, ListOrigin__Output as _larder_v1_ListOrigin__Output } from '../../larder/v1/ListOrigin.ts';
import type { FetchObjects as _larder_v1_FetchObjects, FetchObjects__Output as _larder_v1_FetchObjects__Output } from '../../larder/v1/FetchObjects.ts';
import type { CancelCommand as _larder_v1_CancelCommand, CancelCommand__Output as _larder_v1_CancelCommand__Output } from '../../larder/v1/CancelCommand.ts';
import type { CollectDataset as _larder_v1_CollectDataset, CollectDataset__Output as _larder_v1_CollectDataset__Output } from '../../larder/v1/CollectDataset.ts';
import type { Probe as _larder_v1_Probe, Probe__Output as _larder_v1_Probe__Output } from '../../larder/v1/Probe.ts';
import type { ReplicaSettings as _larder_v1_ReplicaSettings, ReplicaSettings__Output as _larder_v1_ReplicaSettings__Output } from '../../larder/v1/ReplicaSettings.ts';
import type { OriginShares as _larder_v1_OriginShares, OriginShares__Output as _larder_v1_OriginShares__Output } from '../../larder/v1/OriginShares.ts';
import type { ReportPlain as _larder_v1_ReportPlain, ReportPlain__Output as _larder_v1_ReportPlain__Output } from '../../larder/v1/ReportPlain.ts';
import type { ScanDataset as _larder_v1_ScanDataset, ScanDataset__Output as _larder_v1_ScanDataset__Output } from '../../larder/v1/ScanDataset.ts';
import type { Protect as _larder_v1_Protect, Protect__Output as _larder_v1_Protect__Output } from '../../larder/v1/Protect.ts';
import type { Protections as _larder_v1_Protections, Protections__Output as _larder_v1_Protections__Output } from '../../larder/v1/Protections.ts';
import type { JobPlan as _larder_v1_JobPlan, JobPlan__Output as _larder_v1_JobPlan__Output } from '../../larder/v1/JobPlan.ts';
import type { LivePlans as _larder_v1_LivePlans, LivePlans__Output as _larder_v1_LivePlans__Output } from '../../larder/v1/LivePlans.ts';
import type { VisitObjects as _larder_v1_VisitObjects, VisitObjects__Output as _larder_v1_VisitObjects__Output } from '../../larder/v1/VisitObjects.ts';

export interface MasterMessage {
  'welcome'?: (_larder_v1_Welcome | null);
  'placement'?: (_larder_v1_Placement | null);
  'list_origin'?: (_larder_v1_ListOrigin | null);
  'fetch_objects'?: (_larder_v1_FetchObjects | null);
  'cancel'?: (_larder_v1_CancelCommand | null);
  'collect'?: (_larder_v1_CollectDataset | null);
  'probe'?: (_larder_v1_Probe | null);
  'replicas'?: (_larder_v1_ReplicaSettings | null);
  'origin_shares'?: (_larder_v1_OriginShares | null);
  'report_plain'?: (_larder_v1_ReportPlain | null);
  'scan'?: (_larder_v1_ScanDataset | null);
  'protect'?: (_larder_v1_Protect | null);
  'protections'?: (_larder_v1_Protections | null);
  'job_plan'?: (_larder_v1_JobPlan | null);
  'live_plans'?: (_larder_v1_LivePlans | null);
  'visit'?: (_larder_v1_VisitObjects | null);
  'message'?: "welcome"|"placement"|"list_origin"|"fetch_objects"|"cancel"|"collect"|"probe"|"replicas"|"report_plain"|"scan"|"origin_shares"|"job_plan"|"live_plans"|"protect"|"protections"|"visit";
}

export interface MasterMessage__Output {
  'welcome'?: (_larder_v1_Welcome__Output | null);
  'placement'?: (_larder_v1_Placement__Output | null);
  'list_origin'?: (_larder_v1_ListOrigin__Output | null);
  'fetch_objects'?: (_larder_v1_FetchObjects__Output | null);
  'cancel'?: (_larder_v1_CancelCommand__Output | null);
  'collect'?: (_larder_v1_CollectDataset__Output | null);
  'probe'?: (_larder_v1_Probe__Output | null);
  'replicas'?: (_larder_v1_ReplicaSettings__Output | null);
  'origin_shares'?: (_larder_v1_OriginShares__Output | null);
  'report_plain'?: (_larder_v1_ReportPlain__Output | null);
  'scan'?: (_larder_v1_ScanDataset__Output | null);
  'protect'?: (_larder_v1_Protect__Output | null);
  'protections'?: (_larder_v1_Protections__Output | null);
  'job_plan'?: (_larder_v1_JobPlan__Output | null);
  'live_plans'?: (_larder_v1_LivePlans__Output | null);
  'visit'?: (_larder_v1_VisitObjects__Output | null);
  'message'?: "welcome"|"placement"|"list_origin"|"fetch_objects"|"cancel"|"collect"|"probe"|"replicas"|"report_plain"|"scan"|"origin_shares"|"job_plan"|"live_plans"|"protect"|"protections"|"visit";
}
