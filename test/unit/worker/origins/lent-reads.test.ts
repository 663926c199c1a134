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
import { lendingConnector } from '../../../../worker/origins/lent-reads.ts';

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

async function askAll(server: net.Server, protocol: string): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  const pool = new Pool(`${protocol}://127.0.0.1:${String(port)}`, {
    connections: 6,
    connect: lendingConnector({ rejectUnauthorized: false }),
  });
  try {
    const names = Array.from({ length: 24 }, (_, index) => `object-${String(index)}`);
    expect(await Promise.all(names.map((name) => ask(pool, name)))).toEqual(names.map(rightAnswer));
  } finally {
    await pool.destroy();
    server.close();
  }
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
