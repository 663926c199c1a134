/**
 * Sends an answer: large pieces straight from memory or disk, waiting for the socket when it is full.
 *
 * Always true: the number of body bytes that were handed to the socket is returned, also when the
 * other side went away.
 */
import type { ServerResponse } from 'node:http';
import type { Answer } from './answer.ts';
import { bodyPiece } from './object-body.ts';

export async function sendAnswer(
  response: ServerResponse,
  answer: Answer,
  options: { readonly headOnly: boolean },
): Promise<number> {
  const totalBytes = answer.lengthBytes + answer.extraBytes;
  if (!answer.chunked) answer.headers['content-length'] = totalBytes;
  const { stop } = answer;
  if (stop?.how === 'hang' && stop.afterBytes < 0) return 0;
  response.writeHead(answer.status, answer.headers);
  if (options.headOnly) {
    response.end();
    return 0;
  }
  const sendBytes = Math.min(answer.lengthBytes, stop?.afterBytes ?? Infinity);
  const sent = await sendPieces(response, answer, sendBytes);
  if (stop === undefined) {
    response.end(answer.extraBytes === 0 ? undefined : Buffer.alloc(answer.extraBytes));
    return sent + answer.extraBytes;
  }
  if (sent === 0) response.flushHeaders();
  if (stop.how === 'close') response.socket?.end();
  if (stop.how === 'reset') await resetWhenSent(response);
  return sent;
}

async function sendPieces(
  response: ServerResponse,
  answer: Answer,
  lengthBytes: number,
): Promise<number> {
  let sent = 0;
  while (sent < lengthBytes && !response.destroyed) {
    const { pieceBytes = Infinity, everyMs = 0 } = answer.pace ?? {};
    if (everyMs > 0) await new Promise((resolve) => setTimeout(resolve, everyMs));
    const wantedBytes = Math.min(lengthBytes - sent, pieceBytes);
    const piece = bodyPiece(answer.body, answer.offsetBytes + sent, wantedBytes);
    sent += piece.length;
    if (!response.write(piece) && sent < lengthBytes) await drained(response);
  }
  return sent;
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}

/** The bytes before the reset should arrive, or the test would not be of a reset in the middle. */
async function resetWhenSent(response: ServerResponse): Promise<void> {
  if (response.writableLength > 0) await drained(response);
  await new Promise((resolve) => setTimeout(resolve, 20));
  response.socket?.resetAndDestroy();
}
