import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { FreeCount as _larder_v1_FreeCount, FreeCount__Output as _larder_v1_FreeCount__Output } from './larder/v1/FreeCount.ts';
import type { FreeRequest as _larder_v1_FreeRequest, FreeRequest__Output as _larder_v1_FreeRequest__Output } from './larder/v1/FreeRequest.ts';
import type { FreeResponse as _larder_v1_FreeResponse, FreeResponse__Output as _larder_v1_FreeResponse__Output } from './larder/v1/FreeResponse.ts';
import type { FreedWorker as _larder_v1_FreedWorker, FreedWorker__Output as _larder_v1_FreedWorker__Output } from './larder/v1/FreedWorker.ts';
import type { ListPinsRequest as _larder_v1_ListPinsRequest, ListPinsRequest__Output as _larder_v1_ListPinsRequest__Output } from './larder/v1/ListPinsRequest.ts';
import type { ListPinsResponse as _larder_v1_ListPinsResponse, ListPinsResponse__Output as _larder_v1_ListPinsResponse__Output } from './larder/v1/ListPinsResponse.ts';
import type { PinRequest as _larder_v1_PinRequest, PinRequest__Output as _larder_v1_PinRequest__Output } from './larder/v1/PinRequest.ts';
import type { Pinned as _larder_v1_Pinned, Pinned__Output as _larder_v1_Pinned__Output } from './larder/v1/Pinned.ts';
import type { SpaceClient as _larder_v1_SpaceClient, SpaceDefinition as _larder_v1_SpaceDefinition } from './larder/v1/Space.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  larder: {
    v1: {
      FreeCount: MessageTypeDefinition<_larder_v1_FreeCount, _larder_v1_FreeCount__Output>
      FreeRequest: MessageTypeDefinition<_larder_v1_FreeRequest, _larder_v1_FreeRequest__Output>
      FreeResponse: MessageTypeDefinition<_larder_v1_FreeResponse, _larder_v1_FreeResponse__Output>
      FreedWorker: MessageTypeDefinition<_larder_v1_FreedWorker, _larder_v1_FreedWorker__Output>
      ListPinsRequest: MessageTypeDefinition<_larder_v1_ListPinsRequest, _larder_v1_ListPinsRequest__Output>
      ListPinsResponse: MessageTypeDefinition<_larder_v1_ListPinsResponse, _larder_v1_ListPinsResponse__Output>
      PinRequest: MessageTypeDefinition<_larder_v1_PinRequest, _larder_v1_PinRequest__Output>
      Pinned: MessageTypeDefinition<_larder_v1_Pinned, _larder_v1_Pinned__Output>
      Space: SubtypeConstructor<typeof grpc.Client, _larder_v1_SpaceClient> & { service: _larder_v1_SpaceDefinition }
    }
  }
}

