/** Sockets that share one receive buffer: heads and bodies are right however the bytes arrive. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tls from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { expect, test } from 'vitest';
import { holdBack, lendingConnector } from '../../../../worker/origins/lent-reads.ts';

const BODY_BYTES = 700_000;

interface Answer {
  readonly name: string;
  readonly digest: string;
}

function bodyOf(name: string): Buffer {
  return Buffer.alloc(BODY_BYTES, `body of ${name} `);
}

function rightAnswer(name: string): Answer {
  return { name, digest: createHash('sha256').update(bodyOf(name)).digest('hex') };
}

/** Answers `GET /name`: the head in pieces of `headPieceBytes`, then the body in two large ones. */
function serve(socket: net.Socket, headPieceBytes: number): void {
  let text = '';
  socket.on('error', () => undefined);
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1');
    for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
      const name = /^GET \/(\S+)/.exec(text)?.[1] ?? '';
      text = text.slice(end + 4);
      void answer(socket, name, headPieceBytes);
    }
  });
}

async function answer(socket: net.Socket, name: string, headPieceBytes: number): Promise<void> {
  const filler = `x-filler: ${'f'.repeat(3_000)}\r\n`;
  const head = `HTTP/1.1 200 OK\r\nx-name: ${name}\r\n${filler}content-length: ${BODY_BYTES}\r\n\r\n`;
  for (let at = 0; at < head.length; at += headPieceBytes) {
    socket.write(head.slice(at, at + headPieceBytes));
    if (at + headPieceBytes < head.length) await sleep(1);
  }
  const body = bodyOf(name);
  socket.write(body.subarray(0, 500_000));
  await sleep(2);
  socket.write(body.subarray(500_000));
}

async function ask(pool: Pool, name: string): Promise<Answer> {
  return await new Promise<Answer>((resolve, reject) => {
    const hash = createHash('sha256');
    let shown = '';
    pool.dispatch(
      { method: 'GET', path: `/${name}` },
      {
        onRequestStart: () => undefined,
        onResponseStart: (_controller, _status, headers) => {
          shown = String(headers['x-name']);
        },
        onResponseData: (_controller, bytes) => {
          hash.update(bytes);
        },
        onResponseEnd: () => {
          resolve({ name: shown, digest: hash.digest('hex') });
        },
        onResponseError: (_controller, error) => {
          reject(error);
        },
      },
    );
  });
}

async function withPool(
  server: net.Server,
  protocol: string,
  use: (pool: Pool) => Promise<void>,
): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  const pool = new Pool(`${protocol}://127.0.0.1:${String(port)}`, {
    connections: 6,
    connect: lendingConnector({ rejectUnauthorized: false }),
  });
  try {
    await use(pool);
  } finally {
    await pool.destroy();
    server.close();
  }
}

async function askAll(server: net.Server, protocol: string): Promise<void> {
  await withPool(server, protocol, async (pool) => {
    const names = Array.from({ length: 24 }, (_, index) => `object-${String(index)}`);
    expect(await Promise.all(names.map((name) => ask(pool, name)))).toEqual(names.map(rightAnswer));
  });
}

const LONG_BODY = Buffer.alloc(64 << 20, 'long body ');

/** Answers anything with `LONG_BODY`. */
function serveLong(socket: net.Socket): void {
  socket.on('error', () => undefined);
  socket.once('data', () => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${String(LONG_BODY.length)}\r\n\r\n`);
    socket.end(LONG_BODY);
  });
}

/** Asks for the long body and holds it back from its first byte on; then takes all of it. */
async function holdLong(pool: Pool): Promise<void> {
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const hash = createHash('sha256');
  let receivedBytes = 0;
  const done = new Promise<void>((resolve, reject) => {
    pool.dispatch(
      { method: 'GET', path: '/long' },
      {
        onRequestStart: () => undefined,
        onResponseStart: () => undefined,
        onResponseData: (_controller, bytes) => {
          receivedBytes += bytes.length;
          hash.update(bytes);
          holdBack(gate);
        },
        onResponseEnd: () => {
          resolve();
        },
        onResponseError: (_controller, error) => {
          reject(error);
        },
      },
    );
  });
  await expect.poll(() => receivedBytes).toBeGreaterThan(0);
  await sleep(100);
  // What one read brings, or what TLS had deciphered already.
  expect(receivedBytes).toBeLessThan(4 << 20);
  const held = receivedBytes;
  await sleep(100);
  expect(receivedBytes).toBe(held);
  open();
  await done;
  expect(hash.digest('hex')).toBe(createHash('sha256').update(LONG_BODY).digest('hex'));
}

test.each([7, 500, 100_000])(
  'heads in pieces of %i bytes, many connections at once',
  async (bytes) => {
    await askAll(
      net.createServer((socket) => {
        serve(socket, bytes);
      }),
      'http',
    );
  },
);

test('a socket that is held back is not read, and goes on where it stopped', async () => {
  await withPool(net.createServer(serveLong), 'http', holdLong);
});

test('over TLS as well', async ({ skip }) => {
  const directory = fs.mkdtempSync(join(tmpdir(), 'larder-tls-'));
  try {
    const [key, cert] = [join(directory, 'key'), join(directory, 'cert')];
    const request = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=test -keyout ${key} -out ${cert}`;
    try {
      execFileSync('openssl', request.split(' '), { stdio: 'ignore' });
    } catch {
      skip('needs openssl');
    }
    const options = { key: fs.readFileSync(key), cert: fs.readFileSync(cert) };
    const server = tls.createServer(options, (socket) => {
      serve(socket, 500);
    });
    await askAll(server, 'https');
    await withPool(tls.createServer(options, serveLong), 'https', holdLong);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
});

test('a connection that ends in the middle of a body is an error', async () => {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${BODY_BYTES}\r\n\r\n${'x'.repeat(50_000)}`);
    });
  });
  await expect(askAll(server, 'http')).rejects.toThrow();
});
