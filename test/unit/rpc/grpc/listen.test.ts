import { expect, test } from 'vitest';
import {
  assertMayListen,
  formatAddress,
  isLoopback,
  parseAddress,
} from '../../../../rpc/grpc/index.ts';

test('loopback is what only this machine reaches', () => {
  for (const host of ['127.0.0.1', '127.8.9.1', '::1', '[::1]', 'localhost', '::ffff:127.0.0.1']) {
    expect(isLoopback(host), host).toBe(true);
    expect(() => {
      assertMayListen(host, false);
    }).not.toThrow();
  }
  const beyond = ['0.0.0.0', '::', '10.0.0.1', 'example.com', 'localhost.evil', '128.0.0.1', ''];
  for (const host of beyond) {
    expect(isLoopback(host), host).toBe(false);
    expect(() => {
      assertMayListen(host, false);
    }, host).toThrow(expect.objectContaining({ code: 'INSECURE_LISTEN' }));
    expect(() => {
      assertMayListen(host, true);
    }).not.toThrow();
  }
});

test('addresses are parsed and written', () => {
  expect(parseAddress('node7:0')).toEqual({ host: 'node7', port: 0 });
  expect(parseAddress('[::1]:65535')).toEqual({ host: '::1', port: 65_535 });
  for (const text of ['node7:7450', '127.0.0.1:1', '[::1]:80']) {
    expect(formatAddress(parseAddress(text))).toBe(text);
  }
  for (const text of ['', 'node7', ':1', 'a:b', 'a:65536', '::1:80', 'http://a:1', 'a:1 ']) {
    expect(() => parseAddress(text), text).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  }
});
