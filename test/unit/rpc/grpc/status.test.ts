import { Metadata, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { ERRORS, LarderError } from '../../../../common/index.ts';
import type { ErrorCode } from '../../../../common/index.ts';
import {
  fromFailure,
  fromStatus,
  GRPC_STATUS,
  toFailure,
  toStatus,
} from '../../../../rpc/grpc/index.ts';

const ADDRESS = 'master:1';

/** What a client gets for what a server ended its call with. */
function overTheWire(error: unknown): LarderError {
  const { code, details, metadata } = toStatus(error);
  return fromStatus(Object.assign(new Error(details), { code, details, metadata }), ADDRESS);
}

function transport(code: status, details: string): ServiceError {
  return Object.assign(new Error(details), { code, details, metadata: new Metadata() });
}

test('every code arrives as it was thrown, with its facts and message', () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const sent = new LarderError(code, { key: 'a\u202e\n', count: 3, last: true });
    const got = overTheWire(sent);
    expect(got.code).toBe(code);
    expect(got.facts).toEqual(sent.facts);
    expect(got.message).toBe(sent.message);
    expect(toStatus(sent).code).toBe(GRPC_STATUS[code]);
    expect(GRPC_STATUS[code]).not.toBe(status.OK);
    expect(GRPC_STATUS[code]).not.toBe(status.UNKNOWN);
  }
});

test('a defect arrives as INTERNAL', () => {
  expect(overTheWire(new TypeError('x is not a function')).code).toBe('INTERNAL');
});

test('facts are bounded, so that trailers stay small', () => {
  const facts = Object.fromEntries(
    Array.from({ length: 100 }, (_, i) => [`worker-${i}`, 'é'.repeat(5000)]),
  );
  const { metadata, details } = toStatus(new LarderError('LISTING_FAILED', facts));
  const [trailer] = metadata.get('larder-error-bin');
  expect(trailer?.length).toBeLessThan(12_000);
  expect(details.length).toBeLessThanOrEqual(1000);
  expect(overTheWire(new LarderError('LISTING_FAILED', facts)).code).toBe('LISTING_FAILED');
});

test('half a surrogate pair in a message does not break the status line', () => {
  const { details } = toStatus(new LarderError('NOT_FOUND', { path: '\ud83d' }));
  expect(() => encodeURI(details)).not.toThrow();
});

test('an unknown code of a later release, and trailers that are none', () => {
  const later = toStatus(new LarderError('NOT_FOUND'));
  later.metadata.set('larder-error-bin', Buffer.from('{"code":"LATER","facts":{}}'));
  const unknown = fromStatus(Object.assign(new Error('x'), later), ADDRESS);
  expect(unknown).toMatchObject({ code: 'INTERNAL', facts: { code: 'LATER' } });
  later.metadata.set('larder-error-bin', Buffer.from('not json'));
  expect(fromStatus(Object.assign(new Error('x'), later), ADDRESS).code).toBe('INTERNAL');
});

test('failures of the transport name the address', () => {
  const cases: [status, string, ErrorCode][] = [
    [status.UNAVAILABLE, 'connect ECONNREFUSED', 'UNAVAILABLE'],
    [status.DEADLINE_EXCEEDED, 'late', 'DEADLINE_EXCEEDED'],
    [status.CANCELLED, 'cancelled', 'CANCELLED'],
    [status.RESOURCE_EXHAUSTED, 'Received message larger than max', 'LIMIT_EXCEEDED'],
    [status.UNIMPLEMENTED, 'no such method', 'PROTOCOL_MISMATCH'],
    [status.INTERNAL, 'Received RST_STREAM with code 2', 'UNAVAILABLE'],
    [status.UNKNOWN, 'odd', 'INTERNAL'],
    [status.DATA_LOSS, 'odd', 'INTERNAL'],
  ];
  for (const [code, details, expected] of cases) {
    const error = fromStatus(transport(code, details), ADDRESS);
    expect(error).toMatchObject({ code: expected, facts: { address: ADDRESS, what: details } });
  }
});

test('failures inside messages keep code and facts', () => {
  const failure = toFailure(new LarderError('ORIGIN_DENIED', { bucket: 'b', status: 403 }));
  expect(fromFailure(failure)).toMatchObject({
    code: 'ORIGIN_DENIED',
    facts: { bucket: 'b', status: '403' },
  });
  expect(fromFailure({ code: 'LATER', message: 'm', facts: {} }).code).toBe('INTERNAL');
});
