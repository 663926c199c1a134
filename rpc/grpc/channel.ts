/**
 * A channel to a master, and its services as typed functions.
 *
 * Always true: the channel connects again by itself, at most a second after the server is back; calls
 * made while it is away fail at once with `UNAVAILABLE` and its address.
 */
import { Client, credentials } from '@grpc/grpc-js';
import type { MethodDefinition } from '@grpc/proto-loader';
import { GRPC_MAX_MESSAGE_BYTES } from '../../common/index.ts';
import { bidiStreamCall, clientStreamCall, serverStreamCall, unaryCall } from './calls.ts';
import type { Caller, CallOptions, ClientStream, Method } from './calls.ts';
import { formatAddress, parseAddress } from './listen.ts';
import { serviceDefinition } from './protos.ts';
import type { Services } from './protos.ts';

export interface ChannelOptions {
  /** `HOST:PORT` of the master. */
  readonly address: string;
  /** Of unary calls that name none; 10 s by default. */
  readonly unaryDeadlineMs?: number | undefined;
}

type In<M> = M extends MethodDefinition<infer I, infer _R, infer _O, infer _S> ? I : never;
type Out<M> = M extends MethodDefinition<infer _I, infer _R, infer _O, infer S> ? S : never;

export type Unary<M> = (request: In<M>, options?: CallOptions) => Promise<Out<M>>;
/** The call starts with the first step of the iteration. */
export type ServerStreaming<M> = (request: In<M>, options?: CallOptions) => AsyncIterable<Out<M>>;
export type ClientStreaming<M> = (
  messages: AsyncIterable<In<M>>,
  options?: CallOptions,
) => Promise<Out<M>>;
export type Bidirectional<M> = (options?: CallOptions) => ClientStream<In<M>, Out<M>>;

type A = Services['Audit'];
type C = Services['Catalog'];
type K = Services['Cluster'];
type L = Services['Plans'];
type P = Services['Preload'];
type S = Services['Space'];

export interface CatalogApi {
  readonly createDataset: ServerStreaming<C['CreateDataset']>;
  readonly refreshDataset: ServerStreaming<C['RefreshDataset']>;
  readonly setDataset: Unary<C['SetDataset']>;
  readonly getDataset: Unary<C['GetDataset']>;
  readonly listDatasets: Unary<C['ListDatasets']>;
  readonly deleteDataset: Unary<C['DeleteDataset']>;
  readonly listVersions: Unary<C['ListVersions']>;
  readonly deleteVersion: Unary<C['DeleteVersion']>;
  readonly listSkipped: ServerStreaming<C['ListSkipped']>;
  readonly resolveVersion: Unary<C['ResolveVersion']>;
  readonly readManifest: ServerStreaming<C['ReadManifest']>;
  readonly leaseVersion: Unary<C['LeaseVersion']>;
  readonly releaseLease: Unary<C['ReleaseLease']>;
}

export interface ClusterApi {
  readonly join: Bidirectional<K['Join']>;
  readonly pushListing: ClientStreaming<K['PushListing']>;
  readonly watchPlacement: ServerStreaming<K['WatchPlacement']>;
  readonly getStatus: Unary<K['GetStatus']>;
  readonly scoreNodes: Unary<K['ScoreNodes']>;
  readonly drainWorker: Unary<K['DrainWorker']>;
  readonly forgetWorker: Unary<K['ForgetWorker']>;
}

export interface PlansApi {
  readonly startPlan: Unary<L['StartPlan']>;
  readonly listPlans: Unary<L['ListPlans']>;
  readonly endPlan: Unary<L['EndPlan']>;
}

export interface PreloadApi {
  readonly startPreload: Unary<P['StartPreload']>;
  readonly estimatePreload: Unary<P['EstimatePreload']>;
  readonly watchPreload: ServerStreaming<P['WatchPreload']>;
  readonly listPreloads: Unary<P['ListPreloads']>;
  readonly cancelPreload: Unary<P['CancelPreload']>;
  readonly retryPreload: Unary<P['RetryPreload']>;
  readonly releasePreload: Unary<P['ReleasePreload']>;
}

export interface SpaceApi {
  readonly free: Unary<S['Free']>;
  readonly pin: Unary<S['Pin']>;
  readonly unpin: Unary<S['Unpin']>;
  readonly listPins: Unary<S['ListPins']>;
}

export interface AuditApi {
  readonly auditDataset: ServerStreaming<A['AuditDataset']>;
}

export interface MasterChannel extends AsyncDisposable {
  readonly address: string;
  readonly audit: AuditApi;
  readonly catalog: CatalogApi;
  readonly cluster: ClusterApi;
  readonly plans: PlansApi;
  readonly preload: PreloadApi;
  readonly space: SpaceApi;
}

const CHANNEL = {
  'grpc.max_receive_message_length': GRPC_MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': GRPC_MAX_MESSAGE_BYTES,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
  'grpc.dns_min_time_between_resolutions_ms': 1000,
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  // Retries are ours to make, and their buffer would take what a slow server has not read yet.
  'grpc.enable_retries': 0,
  // Two channels of a process must not share a connection's back-off.
  'grpc.use_local_subchannel_pool': 1,
  // A proxy for the internet is not the way to the master.
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
} as const;

/**
 * Does not wait for a connection: the first call makes it.
 *
 * @throws {LarderError} `INVALID_ARGUMENT` for an address that is none
 */
export function connectMaster(options: ChannelOptions): MasterChannel {
  const address = formatAddress(parseAddress(options.address));
  const client = new Client(address, credentials.createInsecure(), CHANNEL);
  const caller = { client, address, unaryDeadlineMs: options.unaryDeadlineMs ?? 10_000 };
  return {
    address,
    audit: auditApi(caller),
    catalog: catalogApi(caller),
    cluster: clusterApi(caller),
    plans: plansApi(caller),
    preload: preloadApi(caller),
    space: spaceApi(caller),
    [Symbol.asyncDispose]: async () => {
      client.close();
    },
  };
}

function auditApi(caller: Caller): AuditApi {
  return { auditDataset: serverStreaming(caller, serviceDefinition('Audit').AuditDataset) };
}

function catalogApi(caller: Caller): CatalogApi {
  const service = serviceDefinition('Catalog');
  return {
    createDataset: serverStreaming(caller, service.CreateDataset),
    refreshDataset: serverStreaming(caller, service.RefreshDataset),
    setDataset: unary(caller, service.SetDataset),
    getDataset: unary(caller, service.GetDataset),
    listDatasets: unary(caller, service.ListDatasets),
    deleteDataset: unary(caller, service.DeleteDataset),
    listVersions: unary(caller, service.ListVersions),
    deleteVersion: unary(caller, service.DeleteVersion),
    listSkipped: serverStreaming(caller, service.ListSkipped),
    resolveVersion: unary(caller, service.ResolveVersion),
    readManifest: serverStreaming(caller, service.ReadManifest),
    leaseVersion: unary(caller, service.LeaseVersion),
    releaseLease: unary(caller, service.ReleaseLease),
  };
}

function clusterApi(caller: Caller): ClusterApi {
  const service = serviceDefinition('Cluster');
  return {
    join: (options) => bidiStreamCall(caller, service.Join, options),
    pushListing: (messages, options) =>
      clientStreamCall(caller, service.PushListing, messages, options),
    watchPlacement: serverStreaming(caller, service.WatchPlacement),
    getStatus: unary(caller, service.GetStatus),
    scoreNodes: unary(caller, service.ScoreNodes),
    drainWorker: unary(caller, service.DrainWorker),
    forgetWorker: unary(caller, service.ForgetWorker),
  };
}

function plansApi(caller: Caller): PlansApi {
  const service = serviceDefinition('Plans');
  return {
    startPlan: unary(caller, service.StartPlan),
    listPlans: unary(caller, service.ListPlans),
    endPlan: unary(caller, service.EndPlan),
  };
}

function preloadApi(caller: Caller): PreloadApi {
  const service = serviceDefinition('Preload');
  return {
    startPreload: unary(caller, service.StartPreload),
    estimatePreload: unary(caller, service.EstimatePreload),
    watchPreload: serverStreaming(caller, service.WatchPreload),
    listPreloads: unary(caller, service.ListPreloads),
    cancelPreload: unary(caller, service.CancelPreload),
    retryPreload: unary(caller, service.RetryPreload),
    releasePreload: unary(caller, service.ReleasePreload),
  };
}

function spaceApi(caller: Caller): SpaceApi {
  const service = serviceDefinition('Space');
  return {
    free: unary(caller, service.Free),
    pin: unary(caller, service.Pin),
    unpin: unary(caller, service.Unpin),
    listPins: unary(caller, service.ListPins),
  };
}

function unary<I, O>(caller: Caller, method: Method<I, O>) {
  return (request: I, options?: CallOptions): Promise<O> =>
    unaryCall(caller, method, request, options);
}

function serverStreaming<I, O>(caller: Caller, method: Method<I, O>) {
  return (request: I, options?: CallOptions): AsyncIterable<O> =>
    serverStreamCall(caller, method, request, options);
}
