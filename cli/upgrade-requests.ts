/**
 * How `larder upgrade` asks the holder of a mount to let another installation take over: a file in the
 * mount's state directory, and SIGUSR2. The holder answers in its record. What the file and the record
 * hold is read by other releases: `HANDOVER_VERSION` is theirs too.
 *
 * The file is the lock: a second `larder upgrade` of the mount finds it and says so.
 */
import fs from 'node:fs';
import path from 'node:path';
import { LarderError, systemCode } from '../common/index.ts';
import type { Logger } from '../common/index.ts';
import { FORMAT_VERSION, HANDOVER_VERSION } from '../fuse-client/index.ts';
import type { HandOver } from '../fuse-client/index.ts';
import { writing } from './directories.ts';
import { isAlive } from './instances.ts';
import type { Instance, InstanceDetails, UpgradeRecord } from './instances.ts';

export interface UpgradeRequest {
  readonly id: string;
  /** Who asks. */
  readonly from: Pick<Instance, 'pid' | 'startTicks'>;
  /** Starts the new holder. */
  readonly holderCommand: readonly string[];
  /** What holder and servers of the new installation are given; of no use where it comes to nothing. */
  readonly specFile: string;
}

export function upgradeRecord(specFile: string, id?: string): UpgradeRecord {
  return {
    handover: HANDOVER_VERSION,
    stateFormat: FORMAT_VERSION,
    specFile,
    ...(id === undefined ? {} : { id }),
  };
}

/** @throws {LarderError} `UPGRADE_REFUSED` where another one is under way, `RUNTIME_DIR_UNUSABLE` */
export function writeRequest(stateDirectory: string, request: UpgradeRequest): void {
  while (!createRequest(stateDirectory, request)) {
    const other = readRequest(stateDirectory);
    if (other !== undefined && isAlive(other.from)) {
      const why = `another upgrade is under way: process ${String(other.from.pid)}`;
      throw new LarderError('UPGRADE_REFUSED', { why });
    }
    removeRequest(stateDirectory);
  }
}

/** @returns false where there is one */
function createRequest(stateDirectory: string, request: UpgradeRequest): boolean {
  const file = requestFile(stateDirectory);
  const draft = `${file}.${request.id}`;
  return writing(file, () => {
    try {
      fs.writeFileSync(draft, JSON.stringify(request));
      // Unlike a rename it fails where the file is there.
      fs.linkSync(draft, file);
      return true;
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
      return false;
    } finally {
      fs.rmSync(draft, { force: true });
    }
  });
}

/** Where the specification of an upgrade's holder and servers lies. */
export function specFileOf(stateDirectory: string, id: string): string {
  return path.join(stateDirectory, `mount-${id}.json`);
}

/** Those of the installation before, and of upgrades that nobody cleaned up after. */
export function removeOtherSpecs(specFile: string): void {
  const directory = path.dirname(specFile);
  for (const name of fs.readdirSync(directory)) {
    if (!/^mount(?:-[\d-]+)?\.json$/.test(name) || name === path.basename(specFile)) continue;
    fs.rmSync(path.join(directory, name), { force: true });
  }
}

export function removeRequest(stateDirectory: string): void {
  fs.rmSync(requestFile(stateDirectory), { force: true });
}

interface Answering {
  readonly handOver: HandOver;
  readonly upgrade: UpgradeRecord;
  readonly instance: { update(changes: Partial<InstanceDetails>): void };
  readonly log: Logger;
}

/** Takes SIGUSR2, which would end the process; what came before `ready` is answered then. */
export function answerUpgrades(stateDirectory: string): { ready(answering: Answering): void } {
  let answering: Answering | undefined;
  let isAsked = false;
  const onAsked = () => {
    isAsked = true;
    if (answering === undefined) return;
    const request = readRequest(stateDirectory);
    if (request !== undefined) void answer(request, answering);
  };
  process.on('SIGUSR2', onAsked);
  return {
    ready: (given) => {
      answering = given;
      if (isAsked) onAsked();
    },
  };
}

async function answer(request: UpgradeRequest, answering: Answering): Promise<void> {
  const { handOver, upgrade, instance, log } = answering;
  const { id, holderCommand, specFile } = request;
  const { code, facts, message } = await handOver(holderCommand);
  log.error({ problem: message }, 'an upgrade came to nothing');
  fs.rmSync(specFile, { force: true });
  instance.update({ upgrade: { ...upgrade, id, error: { code, facts } } });
}

function readRequest(stateDirectory: string): UpgradeRequest | undefined {
  try {
    return JSON.parse(fs.readFileSync(requestFile(stateDirectory), 'utf8')) as UpgradeRequest;
  } catch {
    return undefined;
  }
}

function requestFile(stateDirectory: string): string {
  return path.join(stateDirectory, 'upgrade.json');
}
