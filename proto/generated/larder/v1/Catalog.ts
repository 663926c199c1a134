// Original file: proto/larder/v1/catalog.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { BuildProgress as _larder_v1_BuildProgress, BuildProgress__Output as _larder_v1_BuildProgress__Output } from '../../larder/v1/BuildProgress.ts';
import type { CreateDatasetRequest as _larder_v1_CreateDatasetRequest, CreateDatasetRequest__Output as _larder_v1_CreateDatasetRequest__Output } from '../../larder/v1/CreateDatasetRequest.ts';
import type { Dataset as _larder_v1_Dataset, Dataset__Output as _larder_v1_Dataset__Output } from '../../larder/v1/Dataset.ts';
import type { DeleteDatasetRequest as _larder_v1_DeleteDatasetRequest, DeleteDatasetRequest__Output as _larder_v1_DeleteDatasetRequest__Output } from '../../larder/v1/DeleteDatasetRequest.ts';
import type { DeleteDatasetResponse as _larder_v1_DeleteDatasetResponse, DeleteDatasetResponse__Output as _larder_v1_DeleteDatasetResponse__Output } from '../../larder/v1/DeleteDatasetResponse.ts';
import type { DeleteVersionRequest as _larder_v1_DeleteVersionRequest, DeleteVersionRequest__Output as _larder_v1_DeleteVersionRequest__Output } from '../../larder/v1/DeleteVersionRequest.ts';
import type { DeleteVersionResponse as _larder_v1_DeleteVersionResponse, DeleteVersionResponse__Output as _larder_v1_DeleteVersionResponse__Output } from '../../larder/v1/DeleteVersionResponse.ts';
import type { GetDatasetRequest as _larder_v1_GetDatasetRequest, GetDatasetRequest__Output as _larder_v1_GetDatasetRequest__Output } from '../../larder/v1/GetDatasetRequest.ts';
import type { LeaseVersionRequest as _larder_v1_LeaseVersionRequest, LeaseVersionRequest__Output as _larder_v1_LeaseVersionRequest__Output } from '../../larder/v1/LeaseVersionRequest.ts';
import type { LeaseVersionResponse as _larder_v1_LeaseVersionResponse, LeaseVersionResponse__Output as _larder_v1_LeaseVersionResponse__Output } from '../../larder/v1/LeaseVersionResponse.ts';
import type { ListDatasetsRequest as _larder_v1_ListDatasetsRequest, ListDatasetsRequest__Output as _larder_v1_ListDatasetsRequest__Output } from '../../larder/v1/ListDatasetsRequest.ts';
import type { ListDatasetsResponse as _larder_v1_ListDatasetsResponse, ListDatasetsResponse__Output as _larder_v1_ListDatasetsResponse__Output } from '../../larder/v1/ListDatasetsResponse.ts';
import type { ListSkippedRequest as _larder_v1_ListSkippedRequest, ListSkippedRequest__Output as _larder_v1_ListSkippedRequest__Output } from '../../larder/v1/ListSkippedRequest.ts';
import type { ListVersionsRequest as _larder_v1_ListVersionsRequest, ListVersionsRequest__Output as _larder_v1_ListVersionsRequest__Output } from '../../larder/v1/ListVersionsRequest.ts';
import type { ListVersionsResponse as _larder_v1_ListVersionsResponse, ListVersionsResponse__Output as _larder_v1_ListVersionsResponse__Output } from '../../larder/v1/ListVersionsResponse.ts';
import type { ManifestChunk as _larder_v1_ManifestChunk, ManifestChunk__Output as _larder_v1_ManifestChunk__Output } from '../../larder/v1/ManifestChunk.ts';
import type { ReadManifestRequest as _larder_v1_ReadManifestRequest, ReadManifestRequest__Output as _larder_v1_ReadManifestRequest__Output } from '../../larder/v1/ReadManifestRequest.ts';
import type { RefreshDatasetRequest as _larder_v1_RefreshDatasetRequest, RefreshDatasetRequest__Output as _larder_v1_RefreshDatasetRequest__Output } from '../../larder/v1/RefreshDatasetRequest.ts';
import type { ReleaseLeaseRequest as _larder_v1_ReleaseLeaseRequest, ReleaseLeaseRequest__Output as _larder_v1_ReleaseLeaseRequest__Output } from '../../larder/v1/ReleaseLeaseRequest.ts';
import type { ReleaseLeaseResponse as _larder_v1_ReleaseLeaseResponse, ReleaseLeaseResponse__Output as _larder_v1_ReleaseLeaseResponse__Output } from '../../larder/v1/ReleaseLeaseResponse.ts';
import type { ResolveVersionRequest as _larder_v1_ResolveVersionRequest, ResolveVersionRequest__Output as _larder_v1_ResolveVersionRequest__Output } from '../../larder/v1/ResolveVersionRequest.ts';
import type { ResolvedVersion as _larder_v1_ResolvedVersion, ResolvedVersion__Output as _larder_v1_ResolvedVersion__Output } from '../../larder/v1/ResolvedVersion.ts';
import type { SetDatasetRequest as _larder_v1_SetDatasetRequest, SetDatasetRequest__Output as _larder_v1_SetDatasetRequest__Output } from '../../larder/v1/SetDatasetRequest.ts';
import type { SkippedKeys as _larder_v1_SkippedKeys, SkippedKeys__Output as _larder_v1_SkippedKeys__Output } from '../../larder/v1/SkippedKeys.ts';

export interface CatalogClient extends grpc.Client {
  CreateDataset(argument: _larder_v1_CreateDatasetRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_larder_v1_BuildProgress__Output>;
  CreateDataset(argument: _larder_v1_CreateDatasetRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_larder_v1_BuildProgress__Output>;
  createDataset(argument: _larder_v1_CreateDatasetRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_larder_v1_BuildProgress__Output>;
  createDataset(argument: _larder_v1_CreateDatasetRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_larder_v1_BuildProgress__Output>;
  
  DeleteDataset(argument: _larder_v1_DeleteDatasetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_DeleteDatasetResponse__Output>): grpc.ClientUnaryCall;
  DeleteDataset(argument: _larder_v1_DeleteDatasetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_DeleteDatasetResponse__Output>): grpc.ClientUnaryCall;
  DeleteDataset(argument: _larder_v1_DeleteDatasetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_DeleteDatasetResponse__Output>): grpc.ClientUnaryCall;
  DeleteDataset(argument: _larder_v1_DeleteDatasetRequest, callback: grpc.requestCallback<_larder_v1_DeleteDatasetResponse__Output>): grpc.ClientUnaryCall;
  deleteDataset(argument: _larder_v1_DeleteDatasetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_DeleteDatasetResponse__Output>): grpc.ClientUnaryCall;
  deleteDataset(argument: _larder_v1_DeleteDatasetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_DeleteDatasetResponse__Output>): grpc.ClientUnaryCall;
  deleteDataset(argument: _larder_v1_DeleteDatasetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_DeleteDatasetResponse__Output>): grpc.ClientUnaryCall;
  deleteDataset(argument: _larder_v1_DeleteDatasetRequest, callback: grpc.requestCallback<_larder_v1_DeleteDatasetResponse__Output>): grpc.ClientUnaryCall;
  
  DeleteVersion(argument: _larder_v1_DeleteVersionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_DeleteVersionResponse__Output>): grpc.ClientUnaryCall;
  DeleteVersion(argument: _larder_v1_DeleteVersionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_DeleteVersionResponse__Output>): grpc.ClientUnaryCall;
  DeleteVersion(argument: _larder_v1_DeleteVersionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_DeleteVersionResponse__Output>): grpc.ClientUnaryCall;
  DeleteVersion(argument: _larder_v1_DeleteVersionRequest, callback: grpc.requestCallback<_larder_v1_DeleteVersionResponse__Output>): grpc.ClientUnaryCall;
  deleteVersion(argument: _larder_v1_DeleteVersionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_DeleteVersionResponse__Output>): grpc.ClientUnaryCall;
  deleteVersion(argument: _larder_v1_DeleteVersionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_DeleteVersionResponse__Output>): grpc.ClientUnaryCall;
  deleteVersion(argument: _larder_v1_DeleteVersionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_DeleteVersionResponse__Output>): grpc.ClientUnaryCall;
  deleteVersion(argument: _larder_v1_DeleteVersionRequest, callback: grpc.requestCallback<_larder_v1_DeleteVersionResponse__Output>): grpc.ClientUnaryCall;
  
  GetDataset(argument: _larder_v1_GetDatasetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_Dataset__Output>): grpc.ClientUnaryCall;
  GetDataset(argument: _larder_v1_GetDatasetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_Dataset__Output>): grpc.ClientUnaryCall;
  GetDataset(argument: _larder_v1_GetDatasetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_Dataset__Output>): grpc.ClientUnaryCall;
  GetDataset(argument: _larder_v1_GetDatasetRequest, callback: grpc.requestCallback<_larder_v1_Dataset__Output>): grpc.ClientUnaryCall;
  getDataset(argument: _larder_v1_GetDatasetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_Dataset__Output>): grpc.ClientUnaryCall;
  getDataset(argument: _larder_v1_GetDatasetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_Dataset__Output>): grpc.ClientUnaryCall;
  getDataset(argument: _larder_v1_GetDatasetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_Dataset__Output>): grpc.ClientUnaryCall;
  getDataset(argument: _larder_v1_GetDatasetRequest, callback: grpc.requestCallback<_larder_v1_Dataset__Output>): grpc.ClientUnaryCall;
  
  LeaseVersion(argument: _larder_v1_LeaseVersionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_LeaseVersionResponse__Output>): grpc.ClientUnaryCall;
  LeaseVersion(argument: _larder_v1_LeaseVersionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_LeaseVersionResponse__Output>): grpc.ClientUnaryCall;
  LeaseVersion(argument: _larder_v1_LeaseVersionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_LeaseVersionResponse__Output>): grpc.ClientUnaryCall;
  LeaseVersion(argument: _larder_v1_LeaseVersionRequest, callback: grpc.requestCallback<_larder_v1_LeaseVersionResponse__Output>): grpc.ClientUnaryCall;
  leaseVersion(argument: _larder_v1_LeaseVersionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_LeaseVersionResponse__Output>): grpc.ClientUnaryCall;
  leaseVersion(argument: _larder_v1_LeaseVersionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_LeaseVersionResponse__Output>): grpc.ClientUnaryCall;
  leaseVersion(argument: _larder_v1_LeaseVersionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_LeaseVersionResponse__Output>): grpc.ClientUnaryCall;
  leaseVersion(argument: _larder_v1_LeaseVersionRequest, callback: grpc.requestCallback<_larder_v1_LeaseVersionResponse__Output>): grpc.ClientUnaryCall;
  
  ListDatasets(argument: _larder_v1_ListDatasetsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ListDatasetsResponse__Output>): grpc.ClientUnaryCall;
  ListDatasets(argument: _larder_v1_ListDatasetsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_ListDatasetsResponse__Output>): grpc.ClientUnaryCall;
  ListDatasets(argument: _larder_v1_ListDatasetsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ListDatasetsResponse__Output>): grpc.ClientUnaryCall;
  ListDatasets(argument: _larder_v1_ListDatasetsRequest, callback: grpc.requestCallback<_larder_v1_ListDatasetsResponse__Output>): grpc.ClientUnaryCall;
  listDatasets(argument: _larder_v1_ListDatasetsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ListDatasetsResponse__Output>): grpc.ClientUnaryCall;
  listDatasets(argument: _larder_v1_ListDatasetsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_ListDatasetsResponse__Output>): grpc.ClientUnaryCall;
  listDatasets(argument: _larder_v1_ListDatasetsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ListDatasetsResponse__Output>): grpc.ClientUnaryCall;
  listDatasets(argument: _larder_v1_ListDatasetsRequest, callback: grpc.requestCallback<_larder_v1_ListDatasetsResponse__Output>): grpc.ClientUnaryCall;
  
  ListSkipped(argument: _larder_v1_ListSkippedRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_larder_v1_SkippedKeys__Output>;
  ListSkipped(argument: _larder_v1_ListSkippedRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_larder_v1_SkippedKeys__Output>;
  listSkipped(argument: _larder_v1_ListSkippedRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_larder_v1_SkippedKeys__Output>;
  listSkipped(argument: _larder_v1_ListSkippedRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_larder_v1_SkippedKeys__Output>;
  
  ListVersions(argument: _larder_v1_ListVersionsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ListVersionsResponse__Output>): grpc.ClientUnaryCall;
  ListVersions(argument: _larder_v1_ListVersionsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_ListVersionsResponse__Output>): grpc.ClientUnaryCall;
  ListVersions(argument: _larder_v1_ListVersionsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ListVersionsResponse__Output>): grpc.ClientUnaryCall;
  ListVersions(argument: _larder_v1_ListVersionsRequest, callback: grpc.requestCallback<_larder_v1_ListVersionsResponse__Output>): grpc.ClientUnaryCall;
  listVersions(argument: _larder_v1_ListVersionsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ListVersionsResponse__Output>): grpc.ClientUnaryCall;
  listVersions(argument: _larder_v1_ListVersionsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_ListVersionsResponse__Output>): grpc.ClientUnaryCall;
  listVersions(argument: _larder_v1_ListVersionsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ListVersionsResponse__Output>): grpc.ClientUnaryCall;
  listVersions(argument: _larder_v1_ListVersionsRequest, callback: grpc.requestCallback<_larder_v1_ListVersionsResponse__Output>): grpc.ClientUnaryCall;
  
  ReadManifest(argument: _larder_v1_ReadManifestRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_larder_v1_ManifestChunk__Output>;
  ReadManifest(argument: _larder_v1_ReadManifestRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_larder_v1_ManifestChunk__Output>;
  readManifest(argument: _larder_v1_ReadManifestRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_larder_v1_ManifestChunk__Output>;
  readManifest(argument: _larder_v1_ReadManifestRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_larder_v1_ManifestChunk__Output>;
  
  RefreshDataset(argument: _larder_v1_RefreshDatasetRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_larder_v1_BuildProgress__Output>;
  RefreshDataset(argument: _larder_v1_RefreshDatasetRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_larder_v1_BuildProgress__Output>;
  refreshDataset(argument: _larder_v1_RefreshDatasetRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_larder_v1_BuildProgress__Output>;
  refreshDataset(argument: _larder_v1_RefreshDatasetRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_larder_v1_BuildProgress__Output>;
  
  ReleaseLease(argument: _larder_v1_ReleaseLeaseRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ReleaseLeaseResponse__Output>): grpc.ClientUnaryCall;
  ReleaseLease(argument: _larder_v1_ReleaseLeaseRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_ReleaseLeaseResponse__Output>): grpc.ClientUnaryCall;
  ReleaseLease(argument: _larder_v1_ReleaseLeaseRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ReleaseLeaseResponse__Output>): grpc.ClientUnaryCall;
  ReleaseLease(argument: _larder_v1_ReleaseLeaseRequest, callback: grpc.requestCallback<_larder_v1_ReleaseLeaseResponse__Output>): grpc.ClientUnaryCall;
  releaseLease(argument: _larder_v1_ReleaseLeaseRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ReleaseLeaseResponse__Output>): grpc.ClientUnaryCall;
  releaseLease(argument: _larder_v1_ReleaseLeaseRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_ReleaseLeaseResponse__Output>): grpc.ClientUnaryCall;
  releaseLease(argument: _larder_v1_ReleaseLeaseRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ReleaseLeaseResponse__Output>): grpc.ClientUnaryCall;
  releaseLease(argument: _larder_v1_ReleaseLeaseRequest, callback: grpc.requestCallback<_larder_v1_ReleaseLeaseResponse__Output>): grpc.ClientUnaryCall;
  
  ResolveVersion(argument: _larder_v1_ResolveVersionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ResolvedVersion__Output>): grpc.ClientUnaryCall;
  ResolveVersion(argument: _larder_v1_ResolveVersionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_ResolvedVersion__Output>): grpc.ClientUnaryCall;
  ResolveVersion(argument: _larder_v1_ResolveVersionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ResolvedVersion__Output>): grpc.ClientUnaryCall;
  ResolveVersion(argument: _larder_v1_ResolveVersionRequest, callback: grpc.requestCallback<_larder_v1_ResolvedVersion__Output>): grpc.ClientUnaryCall;
  resolveVersion(argument: _larder_v1_ResolveVersionRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ResolvedVersion__Output>): grpc.ClientUnaryCall;
  resolveVersion(argument: _larder_v1_ResolveVersionRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_ResolvedVersion__Output>): grpc.ClientUnaryCall;
  resolveVersion(argument: _larder_v1_ResolveVersionRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_ResolvedVersion__Output>): grpc.ClientUnaryCall;
  resolveVersion(argument: _larder_v1_ResolveVersionRequest, callback: grpc.requestCallback<_larder_v1_ResolvedVersion__Output>): grpc.ClientUnaryCall;
  
  SetDataset(argument: _larder_v1_SetDatasetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_Dataset__Output>): grpc.ClientUnaryCall;
  SetDataset(argument: _larder_v1_SetDatasetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_Dataset__Output>): grpc.ClientUnaryCall;
  SetDataset(argument: _larder_v1_SetDatasetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_Dataset__Output>): grpc.ClientUnaryCall;
  SetDataset(argument: _larder_v1_SetDatasetRequest, callback: grpc.requestCallback<_larder_v1_Dataset__Output>): grpc.ClientUnaryCall;
  setDataset(argument: _larder_v1_SetDatasetRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_Dataset__Output>): grpc.ClientUnaryCall;
  setDataset(argument: _larder_v1_SetDatasetRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_larder_v1_Dataset__Output>): grpc.ClientUnaryCall;
  setDataset(argument: _larder_v1_SetDatasetRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_larder_v1_Dataset__Output>): grpc.ClientUnaryCall;
  setDataset(argument: _larder_v1_SetDatasetRequest, callback: grpc.requestCallback<_larder_v1_Dataset__Output>): grpc.ClientUnaryCall;
  
}

export interface CatalogHandlers extends grpc.UntypedServiceImplementation {
  CreateDataset: grpc.handleServerStreamingCall<_larder_v1_CreateDatasetRequest__Output, _larder_v1_BuildProgress>;
  
  DeleteDataset: grpc.handleUnaryCall<_larder_v1_DeleteDatasetRequest__Output, _larder_v1_DeleteDatasetResponse>;
  
  DeleteVersion: grpc.handleUnaryCall<_larder_v1_DeleteVersionRequest__Output, _larder_v1_DeleteVersionResponse>;
  
  GetDataset: grpc.handleUnaryCall<_larder_v1_GetDatasetRequest__Output, _larder_v1_Dataset>;
  
  LeaseVersion: grpc.handleUnaryCall<_larder_v1_LeaseVersionRequest__Output, _larder_v1_LeaseVersionResponse>;
  
  ListDatasets: grpc.handleUnaryCall<_larder_v1_ListDatasetsRequest__Output, _larder_v1_ListDatasetsResponse>;
  
  ListSkipped: grpc.handleServerStreamingCall<_larder_v1_ListSkippedRequest__Output, _larder_v1_SkippedKeys>;
  
  ListVersions: grpc.handleUnaryCall<_larder_v1_ListVersionsRequest__Output, _larder_v1_ListVersionsResponse>;
  
  ReadManifest: grpc.handleServerStreamingCall<_larder_v1_ReadManifestRequest__Output, _larder_v1_ManifestChunk>;
  
  RefreshDataset: grpc.handleServerStreamingCall<_larder_v1_RefreshDatasetRequest__Output, _larder_v1_BuildProgress>;
  
  ReleaseLease: grpc.handleUnaryCall<_larder_v1_ReleaseLeaseRequest__Output, _larder_v1_ReleaseLeaseResponse>;
  
  ResolveVersion: grpc.handleUnaryCall<_larder_v1_ResolveVersionRequest__Output, _larder_v1_ResolvedVersion>;
  
  SetDataset: grpc.handleUnaryCall<_larder_v1_SetDatasetRequest__Output, _larder_v1_Dataset>;
  
}

export interface CatalogDefinition extends grpc.ServiceDefinition {
  CreateDataset: MethodDefinition<_larder_v1_CreateDatasetRequest, _larder_v1_BuildProgress, _larder_v1_CreateDatasetRequest__Output, _larder_v1_BuildProgress__Output>
  DeleteDataset: MethodDefinition<_larder_v1_DeleteDatasetRequest, _larder_v1_DeleteDatasetResponse, _larder_v1_DeleteDatasetRequest__Output, _larder_v1_DeleteDatasetResponse__Output>
  DeleteVersion: MethodDefinition<_larder_v1_DeleteVersionRequest, _larder_v1_DeleteVersionResponse, _larder_v1_DeleteVersionRequest__Output, _larder_v1_DeleteVersionResponse__Output>
  GetDataset: MethodDefinition<_larder_v1_GetDatasetRequest, _larder_v1_Dataset, _larder_v1_GetDatasetRequest__Output, _larder_v1_Dataset__Output>
  LeaseVersion: MethodDefinition<_larder_v1_LeaseVersionRequest, _larder_v1_LeaseVersionResponse, _larder_v1_LeaseVersionRequest__Output, _larder_v1_LeaseVersionResponse__Output>
  ListDatasets: MethodDefinition<_larder_v1_ListDatasetsRequest, _larder_v1_ListDatasetsResponse, _larder_v1_ListDatasetsRequest__Output, _larder_v1_ListDatasetsResponse__Output>
  ListSkipped: MethodDefinition<_larder_v1_ListSkippedRequest, _larder_v1_SkippedKeys, _larder_v1_ListSkippedRequest__Output, _larder_v1_SkippedKeys__Output>
  ListVersions: MethodDefinition<_larder_v1_ListVersionsRequest, _larder_v1_ListVersionsResponse, _larder_v1_ListVersionsRequest__Output, _larder_v1_ListVersionsResponse__Output>
  ReadManifest: MethodDefinition<_larder_v1_ReadManifestRequest, _larder_v1_ManifestChunk, _larder_v1_ReadManifestRequest__Output, _larder_v1_ManifestChunk__Output>
  RefreshDataset: MethodDefinition<_larder_v1_RefreshDatasetRequest, _larder_v1_BuildProgress, _larder_v1_RefreshDatasetRequest__Output, _larder_v1_BuildProgress__Output>
  ReleaseLease: MethodDefinition<_larder_v1_ReleaseLeaseRequest, _larder_v1_ReleaseLeaseResponse, _larder_v1_ReleaseLeaseRequest__Output, _larder_v1_ReleaseLeaseResponse__Output>
  ResolveVersion: MethodDefinition<_larder_v1_ResolveVersionRequest, _larder_v1_ResolvedVersion, _larder_v1_ResolveVersionRequest__Output, _larder_v1_ResolvedVersion__Output>
  SetDataset: MethodDefinition<_larder_v1_SetDatasetRequest, _larder_v1_Dataset, _larder_v1_SetDatasetRequest__Output, _larder_v1_Dataset__Output>
}
