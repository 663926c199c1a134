/**
 * Between our own types and messages, for both ends of a call. What comes from outside is checked here.
 */
import { DATASET_POLICIES, LarderError } from '../../common/index.ts';
import type {
  DatasetInfo,
  DatasetPolicy,
  DatasetSettings,
  ListingEntry,
  PathStyle,
  PlacementMember,
  Replicas,
  Validator,
} from '../../common/index.ts';
import type { Dataset__Output } from '../../proto/generated/larder/v1/Dataset.ts';
import type {
  DatasetSettings as WireSettings,
  DatasetSettings__Output as WireSettingsOut,
} from '../../proto/generated/larder/v1/DatasetSettings.ts';
import type {
  ListingEntry as WireEntry,
  ListingEntry__Output as WireEntryOut,
} from '../../proto/generated/larder/v1/ListingEntry.ts';
import type { Member, Member__Output } from '../../proto/generated/larder/v1/Member.ts';

const MAX_NAME_CHARS = 200;
export const ALL_REPLICAS = 0xffffffff;

export function settingsToWire(settings: DatasetSettings): WireSettings {
  return {
    block_size_bytes: settings.blockSizeBytes,
    endpoint: settings.endpoint,
    region: settings.region,
    path_style: settings.pathStyle,
    credentials: settings.credentials,
    replicas: replicaCount(settings.replicas),
    quota_bytes: settings.quotaBytes,
    policy: settings.policy,
    origin_bandwidth: settings.originBandwidthBytes,
  };
}

/** @throws {LarderError} `INVALID_ARGUMENT` where there are none */
export function settingsFromWire(settings: WireSettingsOut | null): DatasetSettings {
  if (settings === null) throw new LarderError('INVALID_ARGUMENT', { expected: 'settings' });
  return {
    blockSizeBytes: settings.block_size_bytes,
    endpoint: settings.endpoint,
    region: settings.region,
    pathStyle: pathStyle(settings.path_style),
    credentials: settings.credentials,
    replicas: replicasFromWire(settings.replicas),
    quotaBytes: settings.quota_bytes,
    policy: policyFromWire(settings.policy),
    originBandwidthBytes: settings.origin_bandwidth,
  };
}

/** As a number: `all` is more than any cluster has workers. */
export function replicaCount(replicas: Replicas): number {
  return replicas === 'all' ? ALL_REPLICAS : replicas;
}

/** 0, which a message of an earlier release has, is the default. */
export function replicasFromWire(replicas: number): Replicas {
  return replicas === ALL_REPLICAS ? 'all' : Math.max(1, replicas);
}

/** Empty, which a message of an earlier release has, and what a later one may know, are the default. */
export function policyFromWire(policy: string): DatasetPolicy {
  return DATASET_POLICIES.find((known) => known === policy) ?? 'auto';
}

/** @throws {LarderError} `INVALID_ARGUMENT` where there is none */
export function datasetFromWire(dataset: Dataset__Output | null): DatasetInfo {
  if (dataset === null) throw new LarderError('INVALID_ARGUMENT', { expected: 'a dataset' });
  const { id, name, origin } = dataset;
  return { id, name, origin, settings: settingsFromWire(dataset.settings) };
}

export function memberToWire(member: PlacementMember): Member {
  return {
    worker_id: member.workerId,
    weight_bytes: member.weightBytes,
    data_address: member.dataAddress,
    node: member.node,
    state: member.state === 'leaving' ? 'LEAVING' : 'ACTIVE',
  };
}

/** @throws {LarderError} `INVALID_ARGUMENT` */
export function memberFromWire(member: Member__Output | null): PlacementMember {
  const named = (text: string) => text.length > 0 && text.length <= MAX_NAME_CHARS;
  const ok =
    member !== null &&
    named(member.worker_id) &&
    named(member.data_address) &&
    member.node.length <= MAX_NAME_CHARS &&
    Number.isSafeInteger(member.weight_bytes);
  if (!ok) {
    throw new LarderError('INVALID_ARGUMENT', {
      member: member?.worker_id.slice(0, MAX_NAME_CHARS),
      expected: 'a worker id, a data address and a weight',
    });
  }
  return {
    workerId: member.worker_id,
    weightBytes: member.weight_bytes,
    dataAddress: member.data_address,
    node: member.node,
    state: member.state === 'LEAVING' ? 'leaving' : 'active',
  };
}

export function entryToWire(entry: ListingEntry): WireEntry {
  const { validator } = entry;
  return {
    key: entry.key,
    kind: WIRE_KINDS[entry.kind],
    size: entry.sizeBytes,
    mtime_s: entry.mtimeS,
    mtime_ns: entry.mtimeNs,
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    ...(validator.kind === 'etag' ? { etag: validator.etag } : {}),
    ...(validator.kind === 'file' ? { file_identity: validator.identity } : {}),
    ...(entry.symlinkTarget === undefined ? {} : { symlink_target: entry.symlinkTarget }),
  };
}

/** Values that no entry can have are left as they are: the manifest builder skips them, by name. */
export function entryFromWire(entry: WireEntryOut): ListingEntry {
  return {
    key: entry.key,
    kind: KINDS[entry.kind],
    sizeBytes: entry.size,
    mtimeS: entry.mtime_s,
    mtimeNs: entry.mtime_ns,
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    validator: validatorFromWire(entry),
    ...(entry.kind === 'SYMLINK' ? { symlinkTarget: entry.symlink_target } : {}),
  };
}

function validatorFromWire(entry: WireEntryOut): Validator {
  if (entry.etag !== '') return { kind: 'etag', etag: entry.etag };
  if (entry.file_identity.length > 0) return { kind: 'file', identity: entry.file_identity };
  return { kind: 'modified' };
}

const KINDS = { FILE: 'file', DIRECTORY: 'directory', SYMLINK: 'symlink' } as const;
const WIRE_KINDS = { file: 'FILE', directory: 'DIRECTORY', symlink: 'SYMLINK' } as const;

function pathStyle(text: string): PathStyle {
  return text === 'true' || text === 'false' ? text : 'auto';
}
