import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { BuildDone as _larder_v1_BuildDone, BuildDone__Output as _larder_v1_BuildDone__Output } from './larder/v1/BuildDone.ts';
import type { BuildProgress as _larder_v1_BuildProgress, BuildProgress__Output as _larder_v1_BuildProgress__Output } from './larder/v1/BuildProgress.ts';
import type { CatalogClient as _larder_v1_CatalogClient, CatalogDefinition as _larder_v1_CatalogDefinition } from './larder/v1/Catalog.ts';
import type { Changes as _larder_v1_Changes, Changes__Output as _larder_v1_Changes__Output } from './larder/v1/Changes.ts';
import type { CreateDatasetRequest as _larder_v1_CreateDatasetRequest, CreateDatasetRequest__Output as _larder_v1_CreateDatasetRequest__Output } from './larder/v1/CreateDatasetRequest.ts';
import type { Dataset as _larder_v1_Dataset, Dataset__Output as _larder_v1_Dataset__Output } from './larder/v1/Dataset.ts';
import type { DatasetSettings as _larder_v1_DatasetSettings, DatasetSettings__Output as _larder_v1_DatasetSettings__Output } from './larder/v1/DatasetSettings.ts';
import type { DeleteDatasetRequest as _larder_v1_DeleteDatasetRequest, DeleteDatasetRequest__Output as _larder_v1_DeleteDatasetRequest__Output } from './larder/v1/DeleteDatasetRequest.ts';
import type { DeleteDatasetResponse as _larder_v1_DeleteDatasetResponse, DeleteDatasetResponse__Output as _larder_v1_DeleteDatasetResponse__Output } from './larder/v1/DeleteDatasetResponse.ts';
import type { DeleteVersionRequest as _larder_v1_DeleteVersionRequest, DeleteVersionRequest__Output as _larder_v1_DeleteVersionRequest__Output } from './larder/v1/DeleteVersionRequest.ts';
import type { DeleteVersionResponse as _larder_v1_DeleteVersionResponse, DeleteVersionResponse__Output as _larder_v1_DeleteVersionResponse__Output } from './larder/v1/DeleteVersionResponse.ts';
import type { GetDatasetRequest as _larder_v1_GetDatasetRequest, GetDatasetRequest__Output as _larder_v1_GetDatasetRequest__Output } from './larder/v1/GetDatasetRequest.ts';
import type { LeaseVersionRequest as _larder_v1_LeaseVersionRequest, LeaseVersionRequest__Output as _larder_v1_LeaseVersionRequest__Output } from './larder/v1/LeaseVersionRequest.ts';
import type { LeaseVersionResponse as _larder_v1_LeaseVersionResponse, LeaseVersionResponse__Output as _larder_v1_LeaseVersionResponse__Output } from './larder/v1/LeaseVersionResponse.ts';
import type { ListDatasetsRequest as _larder_v1_ListDatasetsRequest, ListDatasetsRequest__Output as _larder_v1_ListDatasetsRequest__Output } from './larder/v1/ListDatasetsRequest.ts';
import type { ListDatasetsResponse as _larder_v1_ListDatasetsResponse, ListDatasetsResponse__Output as _larder_v1_ListDatasetsResponse__Output } from './larder/v1/ListDatasetsResponse.ts';
import type { ListSkippedRequest as _larder_v1_ListSkippedRequest, ListSkippedRequest__Output as _larder_v1_ListSkippedRequest__Output } from './larder/v1/ListSkippedRequest.ts';
import type { ListVersionsRequest as _larder_v1_ListVersionsRequest, ListVersionsRequest__Output as _larder_v1_ListVersionsRequest__Output } from './larder/v1/ListVersionsRequest.ts';
import type { ListVersionsResponse as _larder_v1_ListVersionsResponse, ListVersionsResponse__Output as _larder_v1_ListVersionsResponse__Output } from './larder/v1/ListVersionsResponse.ts';
import type { ManifestChunk as _larder_v1_ManifestChunk, ManifestChunk__Output as _larder_v1_ManifestChunk__Output } from './larder/v1/ManifestChunk.ts';
import type { ReadManifestRequest as _larder_v1_ReadManifestRequest, ReadManifestRequest__Output as _larder_v1_ReadManifestRequest__Output } from './larder/v1/ReadManifestRequest.ts';
import type { RefreshDatasetRequest as _larder_v1_RefreshDatasetRequest, RefreshDatasetRequest__Output as _larder_v1_RefreshDatasetRequest__Output } from './larder/v1/RefreshDatasetRequest.ts';
import type { ReleaseLeaseRequest as _larder_v1_ReleaseLeaseRequest, ReleaseLeaseRequest__Output as _larder_v1_ReleaseLeaseRequest__Output } from './larder/v1/ReleaseLeaseRequest.ts';
import type { ReleaseLeaseResponse as _larder_v1_ReleaseLeaseResponse, ReleaseLeaseResponse__Output as _larder_v1_ReleaseLeaseResponse__Output } from './larder/v1/ReleaseLeaseResponse.ts';
import type { ResolveVersionRequest as _larder_v1_ResolveVersionRequest, ResolveVersionRequest__Output as _larder_v1_ResolveVersionRequest__Output } from './larder/v1/ResolveVersionRequest.ts';
import type { ResolvedVersion as _larder_v1_ResolvedVersion, ResolvedVersion__Output as _larder_v1_ResolvedVersion__Output } from './larder/v1/ResolvedVersion.ts';
import type { SetDatasetRequest as _larder_v1_SetDatasetRequest, SetDatasetRequest__Output as _larder_v1_SetDatasetRequest__Output } from './larder/v1/SetDatasetRequest.ts';
import type { SkippedKey as _larder_v1_SkippedKey, SkippedKey__Output as _larder_v1_SkippedKey__Output } from './larder/v1/SkippedKey.ts';
import type { SkippedKeys as _larder_v1_SkippedKeys, SkippedKeys__Output as _larder_v1_SkippedKeys__Output } from './larder/v1/SkippedKeys.ts';
import type { Version as _larder_v1_Version, Version__Output as _larder_v1_Version__Output } from './larder/v1/Version.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  larder: {
    v1: {
      BuildDone: MessageTypeDefinition<_larder_v1_BuildDone, _larder_v1_BuildDone__Output>
      BuildProgress: MessageTypeDefinition<_larder_v1_BuildProgress, _larder_v1_BuildProgress__Output>
      Catalog: SubtypeConstructor<typeof grpc.Client, _larder_v1_CatalogClient> & { service: _larder_v1_CatalogDefinition }
      Changes: MessageTypeDefinition<_larder_v1_Changes, _larder_v1_Changes__Output>
      CreateDatasetRequest: MessageTypeDefinition<_larder_v1_CreateDatasetRequest, _larder_v1_CreateDatasetRequest__Output>
      Dataset: MessageTypeDefinition<_larder_v1_Dataset, _larder_v1_Dataset__Output>
      DatasetSettings: MessageTypeDefinition<_larder_v1_DatasetSettings, _larder_v1_DatasetSettings__Output>
      DeleteDatasetRequest: MessageTypeDefinition<_larder_v1_DeleteDatasetRequest, _larder_v1_DeleteDatasetRequest__Output>
      DeleteDatasetResponse: MessageTypeDefinition<_larder_v1_DeleteDatasetResponse, _larder_v1_DeleteDatasetResponse__Output>
      DeleteVersionRequest: MessageTypeDefinition<_larder_v1_DeleteVersionRequest, _larder_v1_DeleteVersionRequest__Output>
      DeleteVersionResponse: MessageTypeDefinition<_larder_v1_DeleteVersionResponse, _larder_v1_DeleteVersionResponse__Output>
      GetDatasetRequest: MessageTypeDefinition<_larder_v1_GetDatasetRequest, _larder_v1_GetDatasetRequest__Output>
      LeaseVersionRequest: MessageTypeDefinition<_larder_v1_LeaseVersionRequest, _larder_v1_LeaseVersionRequest__Output>
      LeaseVersionResponse: MessageTypeDefinition<_larder_v1_LeaseVersionResponse, _larder_v1_LeaseVersionResponse__Output>
      ListDatasetsRequest: MessageTypeDefinition<_larder_v1_ListDatasetsRequest, _larder_v1_ListDatasetsRequest__Output>
      ListDatasetsResponse: MessageTypeDefinition<_larder_v1_ListDatasetsResponse, _larder_v1_ListDatasetsResponse__Output>
      ListSkippedRequest: MessageTypeDefinition<_larder_v1_ListSkippedRequest, _larder_v1_ListSkippedRequest__Output>
      ListVersionsRequest: MessageTypeDefinition<_larder_v1_ListVersionsRequest, _larder_v1_ListVersionsRequest__Output>
      ListVersionsResponse: MessageTypeDefinition<_larder_v1_ListVersionsResponse, _larder_v1_ListVersionsResponse__Output>
      ManifestChunk: MessageTypeDefinition<_larder_v1_ManifestChunk, _larder_v1_ManifestChunk__Output>
      ReadManifestRequest: MessageTypeDefinition<_larder_v1_ReadManifestRequest, _larder_v1_ReadManifestRequest__Output>
      RefreshDatasetRequest: MessageTypeDefinition<_larder_v1_RefreshDatasetRequest, _larder_v1_RefreshDatasetRequest__Output>
      ReleaseLeaseRequest: MessageTypeDefinition<_larder_v1_ReleaseLeaseRequest, _larder_v1_ReleaseLeaseRequest__Output>
      ReleaseLeaseResponse: MessageTypeDefinition<_larder_v1_ReleaseLeaseResponse, _larder_v1_ReleaseLeaseResponse__Output>
      ResolveVersionRequest: MessageTypeDefinition<_larder_v1_ResolveVersionRequest, _larder_v1_ResolveVersionRequest__Output>
      ResolvedVersion: MessageTypeDefinition<_larder_v1_ResolvedVersion, _larder_v1_ResolvedVersion__Output>
      SetDatasetRequest: MessageTypeDefinition<_larder_v1_SetDatasetRequest, _larder_v1_SetDatasetRequest__Output>
      SkippedKey: MessageTypeDefinition<_larder_v1_SkippedKey, _larder_v1_SkippedKey__Output>
      SkippedKeys: MessageTypeDefinition<_larder_v1_SkippedKeys, _larder_v1_SkippedKeys__Output>
      Version: MessageTypeDefinition<_larder_v1_Version, _larder_v1_Version__Output>
    }
  }
}

