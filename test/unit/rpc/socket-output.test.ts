import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SocketOutput } from '../../../rpc/data/socket-output.ts';
import type { Part } from '../../../rpc/data/socket-output.ts';
import { eventually } from '../../support/larder.ts';

const KIB = 1024;
/** More than the kernel keeps for two sockets. */
const content = randomBytes(8 * KIB * KIB);

let directory: string;
let fd: number;
let listening: net.Server;
let failures: number[];

beforeEach(async () => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'larder-output-'));
  fs.writeFileSync(path.join(directory, 'f'), content);
  fd = fs.openSync(path.join(directory, 'f'), 'r+');
  failures = [];
  listening = net.createServer();
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
});

afterEach(() => {
  listening.close();
  fs.closeSync(fd);
  fs.rmSync(directory, { recursive: true });
});

/** A sending socket with its output, and the receiving one. */
async function pair(): Promise<{ output: SocketOutput; sender: net.Socket; receiver: net.Socket }> {
  const { port } = listening.address() as net.AddressInfo;
  const accepted = once(listening, 'connection') as Promise<[net.Socket]>;
  const receiver = net.connect({ host: '127.0.0.1', port });
  const [sender] = await accepted;
  sender.on('error', () => undefined);
  const noTimers = { onProgress: () => undefined, onWaiting: () => undefined };
  return { output: new SocketOutput(sender, noTimers), sender, receiver };
}

const file = (offsetBytes: number, lengthBytes: number): Part => ({
  ...{ fd, offsetBytes, lengthBytes },
  failed: (errno) => failures.push(errno),
});

function collect(receiver: net.Socket): { bytes: () => Buffer } {
  const chunks: Buffer[] = [];
  receiver.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { bytes: () => Buffer.concat(chunks) };
}

test('bytes and ranges of files arrive in the order in which they were written', async () => {
  const { output, receiver } = await pair();
  const got = collect(receiver);
  const expected: Buffer[] = [];
  const writers = Array.from({ length: 60 }, async (_, i) => {
    const [at, length] = [(i * 131_071) % (7 * KIB * KIB), (i * 7_919) % (600 * KIB)];
    const [head, tail] = [Buffer.from(`head ${String(i)}`), Buffer.from(`tail ${String(i)}`)];
    const parts: Part[] = i % 3 === 0 ? [head, tail] : [head, file(at, length), tail];
    expected.push(head, ...(i % 3 === 0 ? [] : [content.subarray(at, at + length)]), tail);
    if (!output.write(...parts)) await output.room();
  });
  await Promise.all(writers);
  const all = Buffer.concat(expected);
  await eventually(() => (got.bytes().length >= all.length ? true : undefined));
  expect(got.bytes().equals(all)).toBe(true);
  receiver.destroy();
});

test('a receiver that takes nothing costs no time of others, and gets all when it reads', async () => {
  const slow = await pair();
  const fast = await pair();
  slow.receiver.pause();
  for (let i = 0; i < 4; i += 1) slow.output.write(Buffer.from('h'), file(0, content.length));
  let hasRoom = false;
  void slow.output.room().then(() => (hasRoom = true));
  const got = collect(fast.receiver);
  fast.output.write(Buffer.from('h'), file(0, content.length));
  await eventually(() => (got.bytes().length === 1 + content.length ? true : undefined));
  expect(hasRoom).toBe(false);
  expect(slow.sender.writableLength).toBeLessThanOrEqual(64 * KIB);
  const late = collect(slow.receiver);
  slow.receiver.resume();
  await eventually(() => (late.bytes().length === 4 * (1 + content.length) ? true : undefined));
  expect(late.bytes().subarray(-content.length).equals(content)).toBe(true);
  expect(hasRoom).toBe(true);
  for (const { receiver } of [slow, fast]) receiver.destroy();
});

test('a file that ends too early ends the connection: what is missing does not look like bytes', async () => {
  const { output, sender, receiver } = await pair();
  receiver.pause();
  output.write(Buffer.from('h'), file(0, content.length), Buffer.from('END'));
  fs.ftruncateSync(fd, 100 * KIB);
  const got = collect(receiver);
  receiver.resume();
  await eventually(() => (sender.destroyed && receiver.closed ? true : undefined));
  expect(failures).toEqual([0]);
  const bytes = got.bytes();
  expect(bytes.length).toBeLessThan(1 + content.length);
  expect(bytes.subarray(-3).toString()).not.toBe('END');
});

test('a file that cannot be read ends the connection', async () => {
  const { output, sender, receiver } = await pair();
  const directoryFd = fs.openSync(directory, 'r');
  output.write(Buffer.from('h'), {
    ...{ fd: directoryFd, offsetBytes: 0, lengthBytes: 10 },
    failed: (errno) => failures.push(errno),
  });
  expect(sender.destroyed).toBe(true);
  expect(failures).toEqual([os.constants.errno.EINVAL]);
  fs.closeSync(directoryFd);
  receiver.destroy();
});

test('a connection that ends while bytes wait: nobody waits on, and nothing is sent to its fd', async () => {
  const { output, sender, receiver } = await pair();
  receiver.pause();
  output.write(Buffer.from('h'), file(0, content.length), file(0, content.length));
  const room = output.room();
  sender.destroy();
  // The next file or socket gets the number of the fd that is free now.
  const other = fs.openSync(path.join(directory, 'other'), 'w+');
  await room;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(fs.fstatSync(other).size).toBe(0);
  expect(failures).toEqual([]);
  fs.closeSync(other);
  receiver.destroy();
});
