/**
 * What outlives a serving process: one file in memory, mapped by the holder, by every thread of the
 * server, and by the server's successor.
 *
 * It has four parts:
 *   - the header: what was negotiated with the kernel, the open mode, who serves, and the heartbeat;
 *   - a text: what the last server knew of its source, so that the next one answers before it connects;
 *   - the open table: per node that is open {outcome, backing id, open count, last request};
 *   - the slots: requests are read from /dev/fuse straight into one, and it stays taken until the reply is written.
 *
 * Always true:
 *   - a request that was taken from the kernel and not answered lies in a slot, at whatever
 *     instant the process is killed;
 *   - an open count may end too high after a kill, never too low;
 *   - the open mode is decided once, before the first thread starts: the kernel remembers it;
 *   - no lock of a dead server is waited for: its successor clears them before it starts threads.
 *
 * Integers are little-endian 32-bit words. A change of the layout changes FORMAT_VERSION; a
 * successor of another version refuses the file.
 */
import assert from 'node:assert';
import { ftruncateSync } from 'node:fs';
import { LarderError } from '../common/index.ts';
import { REQUEST_BYTES } from './abi.ts';
import { RequestView } from './decode.ts';
import { MODE_REASONS, OPEN_OUTCOMES } from './open-modes.ts';
import type { ModeDecision, OpenCounts, OpenMode, OpenOutcome } from './open-modes.ts';
import { OpenTable } from './open-table.ts';
import type { BackingFiles } from './open-table.ts';
import { mapShared } from './syscalls.ts';

const MAGIC = 0x5344_524c; // 'LRDS'
const FORMAT_VERSION = 2;
const HEADER_BYTES = 4096;
const SOURCE_BYTES = 32_768;
/** More requests than this at once wait in the kernel. 8 KiB each, taken from memory when first used. */
export const SLOT_COUNT = 1024;
const SOURCE_AT = HEADER_BYTES;
const TABLE_AT = SOURCE_AT + SOURCE_BYTES;
const SLOT_STATES_AT = TABLE_AT + OpenTable.BYTES;
const SLOTS_AT = align(SLOT_STATES_AT + SLOT_COUNT * 4, 4096);
export const STATE_BYTES = SLOTS_AT + SLOT_COUNT * REQUEST_BYTES;

/** Words of the header. */
const HEADER = {
  MAGIC: 0,
  VERSION: 1,
  NEGOTIATED: 2,
  KERNEL_MINOR: 3,
  KERNEL_FLAGS: 4,
  KERNEL_FLAGS2: 5,
  OUR_FLAGS: 6,
  OUR_FLAGS2: 7,
  HEARTBEAT: 8,
  SERVER_PID: 9,
  SERVERS_STARTED: 10,
  ENDED: 11,
  MANIFEST_PERCENT: 12,
  HOLDER_PID: 13,
  LOCAL_READS: 14,
  SOURCE_READS: 15,
  OOM_SCORE: 16,
  SOURCE_LENGTH: 17,
  DEVICE_MAJOR: 18,
  DEVICE_MINOR: 19,
  /** 1 + the place of the mode in OPEN_MODES; 0 while nothing is decided. */
  OPEN_MODE: 64,
  OPEN_MODE_WHY: 65,
  SAMPLED_FILES: 66,
  SMALL_FILES: 67,
  REFUSAL: 68,
  /** One word per outcome. */
  OPENS: 72,
} as const;
const OPEN_MODES: readonly OpenMode[] = ['daemon', 'passthrough', 'none'];

/**
 * The states of a slot.
 * - free: nobody has it
 * - reading: a thread reads into it or answers from it; empty while its length word is 0
 * - deferred: its request is the event loop's to answer
 */
const SLOT = { free: 0, reading: 1, deferred: 2 } as const;

/** The result of INIT: sent once in the life of a mount. */
export interface Negotiated {
  readonly minor: number;
  readonly kernelFlags: number;
  readonly kernelFlags2: number;
  readonly flags: number;
  readonly flags2: number;
}

export class SharedState {
  readonly openTable: OpenTable;
  readonly #buffer: ArrayBuffer;
  readonly #header: Int32Array;
  readonly #slotStates: Int32Array;

  /** Makes an empty file whole. */
  static create(fd: number): SharedState {
    ftruncateSync(fd, STATE_BYTES);
    const state = new SharedState(mapShared(fd, STATE_BYTES));
    state.#set(HEADER.VERSION, FORMAT_VERSION);
    state.#set(HEADER.MAGIC, MAGIC);
    return state;
  }

  /** @throws {LarderError} `PROTOCOL_MISMATCH` where another format lies in it */
  static open(fd: number): SharedState {
    const state = new SharedState(mapShared(fd, STATE_BYTES));
    const version = state.#get(HEADER.VERSION);
    if (state.#get(HEADER.MAGIC) !== MAGIC || version !== FORMAT_VERSION) {
      throw new LarderError('PROTOCOL_MISMATCH', { what: 'mount state', version });
    }
    return state;
  }

  /** Of a mapped file; `create` and `open` make one of an fd. */
  constructor(buffer: ArrayBuffer) {
    this.#buffer = buffer;
    this.#header = new Int32Array(buffer, 0, HEADER_BYTES / 4);
    this.#slotStates = new Int32Array(buffer, SLOT_STATES_AT, SLOT_COUNT);
    this.openTable = new OpenTable(buffer, TABLE_AT);
  }

  get negotiated(): Negotiated | undefined {
    if (this.#get(HEADER.NEGOTIATED) === 0) return undefined;
    return {
      minor: this.#get(HEADER.KERNEL_MINOR),
      kernelFlags: this.#get(HEADER.KERNEL_FLAGS),
      kernelFlags2: this.#get(HEADER.KERNEL_FLAGS2),
      flags: this.#get(HEADER.OUR_FLAGS),
      flags2: this.#get(HEADER.OUR_FLAGS2),
    };
  }

  /** Before the reply to INIT is written: a server that dies in between finds INIT in its slot. */
  negotiate(result: Negotiated): void {
    this.#set(HEADER.KERNEL_MINOR, result.minor);
    this.#set(HEADER.KERNEL_FLAGS, result.kernelFlags);
    this.#set(HEADER.KERNEL_FLAGS2, result.kernelFlags2);
    this.#set(HEADER.OUR_FLAGS, result.flags);
    this.#set(HEADER.OUR_FLAGS2, result.flags2);
    this.#set(HEADER.NEGOTIATED, 1);
  }

  get heartbeat(): number {
    return this.#get(HEADER.HEARTBEAT);
  }

  beat(): void {
    Atomics.add(this.#header, HEADER.HEARTBEAT, 1);
  }

  get serverPid(): number {
    return this.#get(HEADER.SERVER_PID);
  }

  get holderPid(): number {
    return this.#get(HEADER.HOLDER_PID);
  }

  set holderPid(pid: number) {
    this.#set(HEADER.HOLDER_PID, pid);
  }

  /** The mount's device as /proc shows it: tells it from another mount at the same place. */
  get device(): string {
    return `${String(this.#get(HEADER.DEVICE_MAJOR))}:${String(this.#get(HEADER.DEVICE_MINOR))}`;
  }

  set device(device: string) {
    const [major = 0, minor = 0] = device.split(':').map(Number);
    this.#set(HEADER.DEVICE_MAJOR, major);
    this.#set(HEADER.DEVICE_MINOR, minor);
  }

  /** Called by the holder. @returns how many there were in the life of the mount, this one counted */
  countServer(): number {
    return Atomics.add(this.#header, HEADER.SERVERS_STARTED, 1) + 1;
  }

  /** The kernel has told a server that the mount is no more. */
  get ended(): boolean {
    return this.#get(HEADER.ENDED) !== 0;
  }

  markEnded(): void {
    this.#set(HEADER.ENDED, 1);
  }

  get manifestPercent(): number {
    return this.#get(HEADER.MANIFEST_PERCENT);
  }

  set manifestPercent(percent: number) {
    this.#set(HEADER.MANIFEST_PERCENT, Math.floor(percent));
  }

  /** How many READs were answered from complete objects of this node, and through the source; they wrap. */
  get readCounts(): { readonly local: number; readonly source: number } {
    return {
      local: this.#get(HEADER.LOCAL_READS) >>> 0,
      source: this.#get(HEADER.SOURCE_READS) >>> 0,
    };
  }

  countRead(from: 'local' | 'source'): void {
    Atomics.add(this.#header, from === 'local' ? HEADER.LOCAL_READS : HEADER.SOURCE_READS, 1);
  }

  /** The oom_score_adj that the servers get: the holder's own is another. */
  get oomScore(): number {
    return this.#get(HEADER.OOM_SCORE);
  }

  set oomScore(score: number) {
    this.#set(HEADER.OOM_SCORE, score);
  }

  /** What the last server knew of its source, as text; empty where none has connected yet. */
  get source(): string {
    return Buffer.from(this.#buffer, SOURCE_AT, this.#get(HEADER.SOURCE_LENGTH)).toString('utf8');
  }

  /** @throws {LarderError} `LIMIT_EXCEEDED` over 32 KiB */
  set source(text: string) {
    const bytes = Buffer.from(text);
    if (bytes.length > SOURCE_BYTES) {
      throw new LarderError('LIMIT_EXCEEDED', { what: 'mount source', bytes: bytes.length });
    }
    this.#set(HEADER.SOURCE_LENGTH, 0);
    Buffer.from(this.#buffer, SOURCE_AT, SOURCE_BYTES).set(bytes);
    this.#set(HEADER.SOURCE_LENGTH, bytes.length);
  }

  /** What was granted at INIT of bits 32–63; 0 before. */
  get flags2(): number {
    return this.#get(HEADER.OUR_FLAGS2);
  }

  get decision(): ModeDecision | undefined {
    const mode = OPEN_MODES[this.#get(HEADER.OPEN_MODE) - 1];
    if (mode === undefined) return undefined;
    return {
      mode,
      why: MODE_REASONS[this.#get(HEADER.OPEN_MODE_WHY)] ?? 'asked',
      sampledFiles: this.#get(HEADER.SAMPLED_FILES),
      smallFiles: this.#get(HEADER.SMALL_FILES),
    };
  }

  decide(decision: ModeDecision): void {
    this.#set(HEADER.OPEN_MODE_WHY, MODE_REASONS.indexOf(decision.why));
    this.#set(HEADER.SAMPLED_FILES, decision.sampledFiles);
    this.#set(HEADER.SMALL_FILES, decision.smallFiles);
    this.#set(HEADER.OPEN_MODE, OPEN_MODES.indexOf(decision.mode) + 1);
  }

  /** Why the kernel takes no file at all from this server, once it has said so. */
  get refusal(): OpenOutcome | undefined {
    const index = this.#get(HEADER.REFUSAL);
    return index === 0 ? undefined : OPEN_OUTCOMES[index];
  }

  set refusal(because: OpenOutcome) {
    this.#set(HEADER.REFUSAL, OPEN_OUTCOMES.indexOf(because));
  }

  countOpen(outcome: OpenOutcome): void {
    Atomics.add(this.#header, HEADER.OPENS + OPEN_OUTCOMES.indexOf(outcome), 1);
  }

  /** Opens by outcome, of those that there were; they wrap. */
  get openCounts(): OpenCounts {
    const counts = OPEN_OUTCOMES.map(
      (outcome, index) => [outcome, this.#get(HEADER.OPENS + index) >>> 0] as const,
    );
    return Object.fromEntries(counts.filter(([, count]) => count > 0));
  }

  /**
   * Called by each new server before it starts threads: it alone serves from here on.
   *
   * @param backing to close what a dead server left open; undefined where none can be open
   */
  takeOver(serverPid: number, backing?: BackingFiles): void {
    this.#set(HEADER.SERVER_PID, serverPid);
    this.#set(HEADER.REFUSAL, 0);
    this.openTable.takeOver(backing);
  }

  /** The requests that a dead server left unanswered; they become deferred, all other slots free. */
  collectRequests(): number[] {
    const left: number[] = [];
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      const state = Atomics.load(this.#slotStates, slot);
      if (state === SLOT.free) continue;
      if (this.slotWords(slot)[0] === 0) {
        this.release(slot);
      } else {
        Atomics.store(this.#slotStates, slot, SLOT.deferred);
        left.push(slot);
      }
    }
    return left;
  }

  /** Where the kernel sends all of them again, none is kept. */
  clearSlots(): void {
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      if (Atomics.load(this.#slotStates, slot) !== SLOT.free) this.release(slot);
    }
  }

  slotMemory(slot: number): Buffer {
    return Buffer.from(this.#buffer, SLOTS_AT + slot * REQUEST_BYTES, REQUEST_BYTES);
  }

  slotWords(slot: number): Uint32Array {
    return new Uint32Array(this.#buffer, SLOTS_AT + slot * REQUEST_BYTES, REQUEST_BYTES / 4);
  }

  /** A free slot to read into, empty, or -1 where all are taken. */
  take(): number {
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      const taken = Atomics.compareExchange(this.#slotStates, slot, SLOT.free, SLOT.reading);
      if (taken === SLOT.free) return slot;
    }
    return -1;
  }

  /** Leaves a slot's request to the event loop. */
  defer(slot: number): void {
    const before = Atomics.exchange(this.#slotStates, slot, SLOT.deferred);
    assert.equal(before, SLOT.reading, 'a thread defers what it holds');
  }

  /** Empty first, free then: a slot that is free holds no request. */
  release(slot: number): void {
    Atomics.store(this.slotWords(slot), 0, 0);
    Atomics.store(this.#slotStates, slot, SLOT.free);
  }

  /** Whether a request lies in a slot, so that its reply is still to come. */
  holdsRequest(unique: number): boolean {
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      if (Atomics.load(this.#slotStates, slot) === SLOT.free) continue;
      if (new RequestView(this.slotMemory(slot)).unique === unique) return true;
    }
    return false;
  }

  #get(word: number): number {
    return Atomics.load(this.#header, word);
  }

  #set(word: number, value: number): void {
    Atomics.store(this.#header, word, value);
  }
}

function align(bytes: number, to: number): number {
  return Math.ceil(bytes / to) * to;
}
